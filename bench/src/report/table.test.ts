import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatFigure, formatTable } from "./table.ts";

describe("formatTable()", () => {
  it("sets names to the left and figures to the right", () => {
    const rows = [
      ["peer", "MiB/s"],
      ["haproxy", "9"],
      ["6080", "1000"],
    ];
    assert.equal(formatTable(rows), "peer     MiB/s\nhaproxy      9\n6080      1000\n");
  });

  it("leaves what a short row lacks open", () => {
    assert.equal(formatTable([["a", "bb"], ["ccc"]]), "a    bb\nccc\n");
  });
});

describe("formatFigure()", () => {
  for (const [value, text] of [
    [0, "0"],
    [1234.5, "1235"],
    [123.45, "123"],
    [12.345, "12.3"],
    [1.2345, "1.23"],
    [0.012345, "0.0123"],
    [-12.345, "-12.3"],
    [1e-9, "0.000000"],
  ] as const) {
    it(`writes ${value} as ${text}`, () => {
      assert.equal(formatFigure(value), text);
    });
  }
});
