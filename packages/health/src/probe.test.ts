import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Probe } from "./probe.ts";

/** A probe whose questions are answered by the test. */
function probeOf(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = { nowMs: 0 };
  const asked: { answer(): void; fail(error: Error): void }[] = [];
  const probe = new Probe({
    ask: () =>
      new Promise<void>((resolve, reject) => asked.push({ answer: resolve, fail: reject })),
    limitMs: 5_000,
    now: () => clock.nowMs,
  });
  const pass = async (ms: number): Promise<void> => {
    clock.nowMs += ms;
    t.mock.timers.tick(ms);
    await new Promise(setImmediate);
  };
  return { probe, asked, pass };
}

describe("Probe", () => {
  it("asks once for all who want to know, and not again within a second", async (t) => {
    const { probe, asked, pass } = probeOf(t);
    const wanted = Array.from({ length: 100 }, () => probe.problem());
    asked[0]?.answer();
    assert.deepEqual(new Set(await Promise.all(wanted)), new Set([null]));
    await pass(999);
    assert.equal(await probe.problem(), null);
    assert.equal(asked.length, 1);
    await pass(1);
    const again = probe.problem();
    asked[1]?.fail(new Error("gone"));
    assert.equal(await again, "gone");
  });

  it("says so after 1.5 s without any answer, and asks nothing meanwhile", async (t) => {
    const { probe, asked, pass } = probeOf(t);
    for (let seconds = 0; seconds < 4.5; seconds += 1.5) {
      const wanted = probe.problem();
      await pass(1_500);
      assert.equal(await wanted, "has not answered within 1500 ms");
    }
    assert.equal(asked.length, 1);
    await pass(500);
    assert.equal(await probe.problem(), "does not answer within 5000 ms");
  });

  it("takes the last answer for one that is late, for 10 s", async (t) => {
    const { probe, asked, pass } = probeOf(t);
    const first = probe.problem();
    asked[0]?.answer();
    assert.equal(await first, null);
    await pass(1_000);
    const slow = probe.problem();
    await pass(1_500);
    assert.equal(await slow, null);
    asked[1]?.answer();
    await pass(0);
    await pass(10_000);
    const later = probe.problem();
    await pass(1_500);
    assert.equal(await later, "has not answered within 1500 ms");
    asked[2]?.answer();
  });
});
