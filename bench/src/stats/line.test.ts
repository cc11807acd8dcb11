import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fitLine } from "./line.ts";

describe("fitLine()", () => {
  it("finds a line that all points lie on, without an error", () => {
    const points = [1, 2, 5, 9].map((x) => ({ x, y: 3 * x + 7 }));
    const { slope, error } = fitLine(points);
    assert.equal(slope, 3);
    assert.equal(error, 0);
  });

  it("agrees with a textbook's figures for points beside the line", () => {
    const points = [2, 4, 5, 4, 5].map((y, index) => ({ x: index + 1, y }));
    const { slope, error } = fitLine(points);
    assert.ok(Math.abs(slope - 0.6) < 1e-12);
    // Residuals -0.8, 0.6, 1, -0.6, -0.2: squares 2.4, by 3 degrees of freedom, by 10 squares of x.
    assert.ok(Math.abs(error - Math.sqrt(2.4 / 3 / 10)) < 1e-12);
  });

  it("finds the same slope wherever the points are moved to", () => {
    const point = fc.record({
      x: fc.integer({ min: 0, max: 1e6 }),
      y: fc.integer({ max: 1e6, min: 0 }),
    });
    const points = fc.uniqueArray(point, { minLength: 3, selector: ({ x }) => x });
    fc.assert(
      fc.property(points, fc.integer({ min: -1e6, max: 1e6 }), (some, by) => {
        const moved = some.map(({ x, y }) => ({ x: x + by, y: y - by }));
        const [before, after] = [fitLine(some).slope, fitLine(moved).slope];
        assert.ok(Math.abs(before - after) <= 1e-6 * Math.max(1, Math.abs(before)));
      }),
    );
  });

  it("refuses what makes no line", () => {
    const one = { x: 1, y: 1 };
    assert.throws(() => fitLine([one, { x: 2, y: 2 }]), RangeError);
    assert.throws(() => fitLine([one, one, one]), RangeError);
  });
});
