import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FailureLevels } from "./failure-levels.ts";

describe("FailureLevels", () => {
  let nowMs = 0;
  const levelsOf = (perMinute: number, most = 100): FailureLevels =>
    new FailureLevels(perMinute, most, () => nowMs);

  it("has room for so many failures at once, and for as many a minute after that", () => {
    const levels = levelsOf(10);
    for (let times = 0; times < 10; times++) {
      assert.equal(levels.roomInMs("a"), 0);
      levels.add("a");
    }
    assert.equal(levels.roomInMs("a"), 6_000);
    assert.equal(levels.roomInMs("b"), 0);
    nowMs += 6_000;
    assert.equal(levels.roomInMs("a"), 0);
  });

  it("holds twice its limit at most, and has room again a minute and a failure's time later", () => {
    const levels = levelsOf(10);
    for (let times = 0; times < 1_000; times++) levels.add("a");
    assert.equal(levels.level("a"), 20);
    nowMs += 66_000;
    assert.equal(levels.roomInMs("a"), 0);
  });

  it("takes a failure back", () => {
    const levels = levelsOf(1);
    levels.add("a");
    levels.remove("a");
    levels.remove("a");
    assert.deepEqual([levels.level("a"), levels.size], [0, 0]);
  });

  it("forgets keys whose failures have leaked away", () => {
    const levels = levelsOf(10, 1_000);
    for (let key = 0; key < 50; key++) levels.add(String(key));
    for (const key of ["later", "last"]) {
      nowMs += 120_001;
      levels.add(key);
    }
    assert.equal(levels.size, 1);
  });

  it("forgets no key before its failures have leaked away", () => {
    const levels = levelsOf(10, 1_000);
    for (let times = 0; times < 20; times++) levels.add("a");
    nowMs += 120_001;
    levels.add("b");
    nowMs -= 60_000;
    for (let times = 0; times < 20; times++) levels.add("c");
    nowMs += 100_000;
    levels.add("d");
    assert.ok(levels.level("c") > 3);
  });

  it("remembers no more keys than it may, and of a million those that failed last", () => {
    const levels = levelsOf(10, 1_000);
    levels.add("early");
    for (let key = 0; key < 1_000_000; key++) levels.add(String(key));
    assert.ok(levels.size <= 1_000);
    assert.equal(levels.level("early"), 0);
    for (let key = 999_500; key < 1_000_000; key++) assert.equal(levels.level(String(key)), 1);
  });

  it("neither forgives nor blames for ever when the clock jumps", () => {
    const levels = levelsOf(2);
    levels.add("a");
    levels.add("a");
    nowMs -= 3_600_000;
    assert.equal(levels.level("a"), 2);
    nowMs += 30_000;
    assert.equal(levels.level("a"), 1);
    nowMs += 1e15;
    assert.equal(levels.level("a"), 0);
  });
});
