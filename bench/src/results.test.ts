import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mediansOf, ratioOf, type Sample } from "./results.ts";

const samples: Sample[] = [
  ["a", 1, 10],
  ["b", 1, 20],
  ["a", 2, 40],
  ["b", 2, 40],
  ["a", 3, 12],
  ["b", 3, 30],
].map(([peer, round, cost]) => ({
  measurement: "bulk",
  peer: String(peer),
  round: Number(round),
  figures: { cost: Number(cost) },
  failure: null,
}));
const failed: Sample = { measurement: "bulk", peer: "c", round: 1, figures: null, failure: "x" };
const compared = { measurement: "bulk", figure: "cost" };

describe("mediansOf()", () => {
  it("takes the median of each figure over the rounds", () => {
    assert.deepEqual(mediansOf(samples, "bulk", "a"), { cost: 12 });
  });

  it("has no figures where all rounds failed", () => {
    assert.deepEqual(mediansOf([failed], "bulk", "c"), {});
  });
});

describe("ratioOf()", () => {
  it("takes the median of the rounds' own ratios, not the ratio of the medians", () => {
    assert.equal(ratioOf(samples, { ...compared, peer: "a", other: "b" }), 0.5);
  });

  it("has none without a round in common", () => {
    assert.equal(ratioOf([...samples, failed], { ...compared, peer: "a", other: "c" }), null);
  });
});
