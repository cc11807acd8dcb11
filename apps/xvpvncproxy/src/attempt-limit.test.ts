import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AttemptLimit } from "./attempt-limit.ts";

describe("AttemptLimit", () => {
  it("lets an address try so often in a minute, and again in the next", () => {
    let nowMs = 0;
    const limit = new AttemptLimit({ perAddress: 2, inAll: 10 }, () => nowMs);
    assert.deepEqual([limit.take("a"), limit.take("a"), limit.take("a")], [true, true, false]);
    assert.equal(limit.take("b"), true);
    nowMs = 60_000;
    assert.equal(limit.take("a"), true);
  });

  it("bounds the attempts of all addresses together", () => {
    const limit = new AttemptLimit({ perAddress: 2, inAll: 3 }, () => 0);
    const taken = ["a", "b", "c", "d"].map((address) => limit.take(address));
    assert.deepEqual(taken, [true, true, true, false]);
  });

  it("counts no attempt that was right", () => {
    const limit = new AttemptLimit({ perAddress: 1, inAll: 1 }, () => 0);
    for (let times = 0; times < 5; times++) {
      assert.equal(limit.take("a"), true);
      limit.giveBack("a");
    }
    limit.giveBack("never seen");
    assert.equal(limit.take("a"), true);
    assert.equal(limit.take("b"), false);
  });
});
