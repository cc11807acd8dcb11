import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RetiringPool } from "./retiring-pool.ts";

/** A driver's pool that tells when it was ended. */
class FakePool {
  ended = 0;

  end(): Promise<void> {
    this.ended += 1;
    return Promise.resolve();
  }
}

describe("RetiringPool", () => {
  it("ends at once when it is replaced and nobody asks it", () => {
    const inner = new FakePool();
    new RetiringPool(inner).retire();
    assert.equal(inner.ended, 1);
  });

  it("serves those who wait for it when it is replaced, and ends after the last of them", async () => {
    const inner = new FakePool();
    const pool = new RetiringPool(inner);
    const answer: { first?: (text: string) => void; second?: (error: Error) => void } = {};
    const first = pool.use(() => new Promise<string>((resolve) => (answer.first = resolve)));
    const second = pool.use(() => new Promise<string>((_, reject) => (answer.second = reject)));
    pool.retire();
    answer.first?.("one");
    assert.equal(await first, "one");
    assert.equal(inner.ended, 0);
    answer.second?.(new Error("lost"));
    await assert.rejects(second, /lost/);
    assert.equal(inner.ended, 1);
  });
});
