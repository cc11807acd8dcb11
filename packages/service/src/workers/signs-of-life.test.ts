import assert from "node:assert/strict";
import { beforeEach, describe, it, mock } from "node:test";
import { watchSignsOfLife } from "./signs-of-life.ts";

/** Counts as a worker does that answers from its next round on, or never. */
class FakeWorker {
  answers = true;
  #missed = 0;

  knock(): number {
    this.#missed = this.answers ? 0 : this.#missed + 1;
    return this.#missed;
  }
}

const LIMIT_MS = 1_000;

describe("watchSignsOfLife()", () => {
  beforeEach((context) => {
    mock.timers.enable({ apis: ["setInterval"] });
    if ("after" in context)
      context.after(() => {
        mock.timers.reset();
      });
  });

  it("tells of a worker that gives no answer for the limit, and of no other", () => {
    const [well, hung] = [new FakeWorker(), new FakeWorker()];
    const silent: FakeWorker[] = [];
    const stop = watchSignsOfLife(
      LIMIT_MS,
      () => [well, hung],
      (worker) => silent.push(worker),
    );
    hung.answers = false;
    mock.timers.tick(LIMIT_MS - 1);
    assert.deepEqual(silent, []);
    mock.timers.tick(1);
    assert.deepEqual(silent, [hung]);
    stop();
    mock.timers.tick(10 * LIMIT_MS);
    assert.deepEqual(silent, [hung]);
  });

  it("gives one another chance that answers after a round", () => {
    const slow = new FakeWorker();
    const silent: FakeWorker[] = [];
    watchSignsOfLife(
      LIMIT_MS,
      () => [slow],
      (worker) => silent.push(worker),
    );
    for (let round = 0; round < 20; round++) {
      slow.answers = round % 4 === 3;
      mock.timers.tick(LIMIT_MS / 4);
    }
    assert.deepEqual(silent, []);
  });
});
