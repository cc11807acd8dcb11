import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeVersionOf, isUnknownRelease } from "./compute-version.ts";

const unasked = {
  minimumComputeVersion: (): never => assert.fail("the services were asked"),
};

const now = (): number => 0;

describe("computeVersionOf()", () => {
  it("is 6.0 unless releases or numbers say that computes are older", async () => {
    for (const [level, expected] of [
      [null, "6.0"],
      ["", "6.0"],
      ["rocky", "5.0"],
      ["Victoria", "5.0"],
      ["5.13", "5.0"],
      ["wallaby", "6.0"],
      ["zed", "6.0"],
      ["6.1", "6.0"],
      ["2024.1", "6.0"],
      ["hibiscus", "6.0"],
      ["Hibiscus", "6.0"],
      ["zinnia", "6.0"],
    ] as const) {
      assert.equal(await computeVersionOf(level, unasked, now)(), expected, String(level));
    }
  });

  it("refuses what has no console tokens in its database, and what it does not know", () => {
    for (const level of ["4.17", "pike", "Newton", "6", "2024.1.", "6.0 5.0"]) {
      assert.throws(() => computeVersionOf(level, unasked, now), { code: "SERVICE_ERR_SETTING" });
    }
  });

  it("knows no release of the future", () => {
    assert.deepEqual(
      ["zinnia", "Zinnia", "hibiscus", "auto", "pike", "6.0", "", null].map(isUnknownRelease),
      [true, true, false, false, false, false, false, false],
    );
  });

  it("asks the services for auto, until all are new; once a minute while one is old", async () => {
    const minimums = [0, 55, 56];
    let nowMs = 0;
    const services = { minimumComputeVersion: () => Promise.resolve(minimums.shift() ?? 99) };
    const version = computeVersionOf("auto", services, () => nowMs);
    assert.deepEqual([await version(), await version(), await version()], ["6.0", "5.0", "5.0"]);
    nowMs = 60_000;
    assert.deepEqual([await version(), await version()], ["6.0", "6.0"]);
    assert.deepEqual(minimums, []);
    const newer = { minimumComputeVersion: () => Promise.resolve(56) };
    assert.equal(await computeVersionOf("auto", newer, now)(), "6.0");
  });
});
