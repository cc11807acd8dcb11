import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { median, percentile } from "./percentile.ts";

const samples = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });

describe("percentile()", () => {
  for (const [share, value] of [
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [0.999, 100],
    [1, 100],
  ] as const) {
    it(`finds ${share} of 1 to 100 at ${value}`, () => {
      const sorted = Float64Array.from({ length: 100 }, (_, index) => index + 1);
      assert.equal(percentile(sorted, share), value);
    });
  }

  it("answers one of the samples, with at least that share not above it", () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const found = percentile(
          values.toSorted((a, b) => a - b),
          share,
        );
        assert.ok(values.includes(found));
        assert.ok(values.filter((value) => value <= found).length >= share * values.length);
      }),
    );
  });

  it("refuses no samples, and shares that are none", () => {
    assert.throws(() => percentile([], 0.5), RangeError);
    assert.throws(() => percentile([1], 1.5), RangeError);
  });
});

describe("median()", () => {
  it("is the middle one, or the mean of the middle two", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
  });

  it("refuses no samples", () => {
    assert.throws(() => median([]), RangeError);
  });
});
