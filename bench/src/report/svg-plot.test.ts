import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawPlot, type Panel } from "./svg-plot.ts";

const bars = [
  { name: "6080", value: 2, text: "2.00" },
  { name: "a<b", value: 4, text: "4.00" },
  { name: "none", value: 0, text: "0" },
];

function panelOf(panel: Partial<Panel>): Panel {
  return { title: "CPU", moreIsBetter: false, bars, ...panel };
}

function widthsIn(svg: string): number[] {
  const widths = svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g);
  return [...widths].map(([, width]) => Number(width));
}

describe("drawPlot()", () => {
  it("draws bars as long as their values, of one scale", () => {
    assert.deepEqual(widthsIn(drawPlot([panelOf({})], new Set(["6080"]))), [150, 300, 0]);
  });

  it("draws values that lie far apart by their powers of ten, and says so", () => {
    const far = [0.1, 10, 100, 0].map((value) => ({ name: "", value, text: "" }));
    const svg = drawPlot([panelOf({ bars: far })], new Set());
    assert.deepEqual(widthsIn(svg), [75, 225, 300, 0]);
    assert.match(svg, /logarithmic/);
    assert.equal(svg.match(/<line /g)?.length, 4);
  });

  it("says which is better", () => {
    assert.match(drawPlot([panelOf({ moreIsBetter: true })], new Set()), />more is better</);
    assert.match(drawPlot([panelOf({})], new Set()), />less is better</);
  });

  it("draws two panels beside each other and the third below", () => {
    const svg = drawPlot([panelOf({}), panelOf({}), panelOf({})], new Set());
    const places = [...svg.matchAll(/translate\((\d+) (\d+)\)/g)].map(([, x, y]) => `${x} ${y}`);
    assert.deepEqual(places, ["0 16", "480 16", "0 138"]);
  });

  it("writes names so that they cannot be markup", () => {
    const svg = drawPlot([panelOf({ title: `"a" & b` })], new Set());
    assert.match(svg, />a&#60;b</);
    assert.match(svg, />&#34;a&#34; &#38; b</);
  });

  it("draws nothing without panels, and no bar where all is nothing", () => {
    assert.match(drawPlot([], new Set()), /^<svg /);
    const none = [{ name: "", value: 0, text: "" }];
    assert.doesNotMatch(drawPlot([panelOf({ bars: none })], new Set()), /NaN|Infinity/);
  });
});
