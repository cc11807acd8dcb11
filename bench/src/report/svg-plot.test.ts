import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawPlot } from "./svg-plot.ts";

const bars = [
  { name: "6080", value: 2, text: "2.00" },
  { name: "a<b", value: 4, text: "4.00" },
  { name: "none", value: 0, text: "0" },
];

describe("drawPlot()", () => {
  it("draws bars as long as their values, of one scale", () => {
    const svg = drawPlot([{ title: "CPU", bars }], new Set(["6080"]));
    const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)];
    assert.deepEqual(
      widths.map(([, width]) => Number(width)),
      [284, 568, 0],
    );
  });

  it("writes names so that they cannot be markup", () => {
    const svg = drawPlot([{ title: `"a" & b`, bars }], new Set());
    assert.match(svg, />a&#60;b</);
    assert.match(svg, />&#34;a&#34; &#38; b</);
  });

  it("draws nothing without panels, and no bar where all is nothing", () => {
    assert.match(drawPlot([], new Set()), /^<svg /);
    const none = drawPlot([{ title: "", bars: [{ name: "", value: 0, text: "" }] }], new Set());
    assert.doesNotMatch(none, /NaN|Infinity/);
  });
});
