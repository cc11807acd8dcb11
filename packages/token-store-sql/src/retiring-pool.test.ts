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
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const answers = [pool.use(() => first.promise), pool.use(() => second.promise)];
    pool.retire();
    first.resolve("one");
    assert.equal(await answers[0], "one");
    assert.equal(inner.ended, 0);
    second.reject(new Error("lost"));
    await assert.rejects(answers[1] ?? Promise.resolve(), /lost/);
    assert.equal(inner.ended, 1);
  });
});
