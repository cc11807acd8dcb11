import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { FromWorker, ToWorker } from "./messages.ts";
import { SharedSlots } from "./shared-slots.ts";
import { SlotPool, type SlotOwner } from "./slot-pool.ts";
import { slotShare } from "./slot-share.ts";

const NAME = "sessions";

/** A worker whose messages in both directions wait until they are delivered, in their order. */
class TestWorker implements SlotOwner {
  readonly seat: number;
  readonly slots: SharedSlots;
  readonly #pool: SlotPool;
  readonly #toWorker: ToWorker[] = [];
  readonly #toPrimary: FromWorker[] = [];
  isAlive = true;

  constructor(pool: SlotPool, workers: number, seat: number) {
    this.seat = seat;
    this.#pool = pool;
    const pooled = pool.join(this);
    const send = (message: FromWorker): void => {
      this.#toPrimary.push(message);
    };
    this.slots = new SharedSlots({ name: NAME, most: pool.most, workers, seat, pooled, send });
  }

  send(message: ToWorker): void {
    this.#toWorker.push(message);
  }

  /** Messages that it has sent. */
  get said(): number {
    return this.#toPrimary.length;
  }

  /** @returns whether there was one */
  deliver(to: "worker" | "primary"): boolean {
    if (!this.isAlive) return false;
    if (to === "worker") {
      const message = this.#toWorker.shift();
      if (message === undefined) return false;
      assert.ok(
        message.kind === "taken" || message.kind === "pool" || message.kind === "share-out",
      );
      this.slots.receive(message);
      return true;
    }
    const message = this.#toPrimary.shift();
    if (message === undefined) return false;
    if (message.kind === "take") this.#pool.take(this, message.id, message.key);
    else if (message.kind === "give-back") this.#pool.giveBack(this, message.key);
    else if (message.kind === "counted") this.#pool.counted(this, message.key, message.used);
    return true;
  }

  die(): void {
    this.isAlive = false;
    this.#pool.leave(this);
  }
}

/** Delivers all that is under way. */
function settle(workers: readonly TestWorker[]): void {
  let more = true;
  while (more) {
    more = false;
    for (const worker of workers) {
      while (worker.deliver("primary") || worker.deliver("worker")) more = true;
    }
  }
}

function start(most: number, count: number): { pool: SlotPool; workers: TestWorker[] } {
  const pool = new SlotPool(NAME, most, count);
  const workers = Array.from({ length: count }, (_, seat) => new TestWorker(pool, count, seat));
  return { pool, workers };
}

/** Takes one slot, with all messages delivered. */
async function take(workers: readonly TestWorker[], by: number, key = "k"): Promise<boolean> {
  const taken = workers[by]?.slots.take(key);
  settle(workers);
  return (await taken) ?? false;
}

describe("slotShare()", () => {
  it("gives all workers together what there is", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 40 }),
        (key, most, workers) => {
          const shares = Array.from({ length: workers }, (_, seat) =>
            slotShare(key, most, workers, seat),
          );
          assert.equal(
            shares.reduce((sum, share) => sum + share, 0),
            most,
          );
          assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
        },
      ),
    );
  });
});

describe("SharedSlots", () => {
  it("takes and gives back a worker's share without a word", async () => {
    const { workers } = start(8, 2);
    const [first] = workers;
    assert.ok(first);
    for (let times = 0; times < 10; times++) {
      for (let slot = 0; slot < 4; slot++) assert.equal(await first.slots.take("k"), true);
      for (let slot = 0; slot < 4; slot++) first.slots.giveBack("k");
    }
    assert.equal(first.said, 0);
  });

  it("lets one worker have all slots of a key when the others want none", async () => {
    const { workers } = start(8, 3);
    const taken: boolean[] = [];
    for (let times = 0; times < 9; times++) taken.push(await take(workers, 1));
    assert.deepEqual(taken, [...Array.from({ length: 8 }, () => true), false]);
  });

  it("counts what all workers have, and sees at once what one gives back", async () => {
    const { workers } = start(4, 2);
    for (const by of [0, 0, 1, 1]) assert.equal(await take(workers, by), true);
    assert.equal(await take(workers, 0), false);
    workers[1]?.slots.giveBack("k");
    settle(workers);
    assert.equal(await take(workers, 0), true);
    assert.equal(await take(workers, 1), false);
  });

  it("has the slots of a worker that died, and none for what it asked for", async () => {
    const { pool, workers } = start(4, 2);
    for (const by of [0, 0, 1, 1]) assert.equal(await take(workers, by), true);
    void workers[1]?.slots.take("k");
    workers[1]?.die();
    workers[1] = new TestWorker(pool, 2, 1);
    for (const by of [0, 1]) assert.equal(await take(workers, by), true);
    assert.equal(await take(workers, 1), false);
  });

  it("goes back to shares when the demand is over", async () => {
    const { workers } = start(4, 2);
    const [first] = workers;
    assert.ok(first);
    for (let slot = 0; slot < 3; slot++) assert.equal(await take(workers, 0), true);
    for (let slot = 0; slot < 3; slot++) first.slots.giveBack("k");
    settle(workers);
    assert.equal(first.slots.take("k"), true);
    assert.equal(first.said, 0);
  });

  it("refuses when the primary process does not answer, and gives back what comes too late", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { workers } = start(1, 2);
    const loser = workers.findIndex(({ seat }) => slotShare("k", 1, 2, seat) === 0);
    const taken = workers[loser]?.slots.take("k");
    t.mock.timers.tick(5_000);
    t.mock.timers.tick(5_000);
    assert.equal(await taken, false);
    settle(workers);
    assert.equal(await take(workers, 1 - loser), true);
  });

  const step = fc.record({
    act: fc.constantFrom("take", "give-back", "to worker", "to primary", "die"),
    worker: fc.nat(3),
    key: fc.constantFrom("a", "b1"),
  });
  it("never grants more than there are, whatever the order of messages, and all of them in the end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 200 }),
        async (most, count, steps) => {
          const { pool, workers } = start(most, count);
          /** What each worker has of each key. */
          const held = workers.map(() => new Map<string, number>());
          const add = (owned: Map<string, number>, key: string, more: number): void => {
            owned.set(key, (owned.get(key) ?? 0) + more);
            const inUse = held.reduce((sum, each) => sum + (each.get(key) ?? 0), 0);
            assert.ok(inUse <= most, `${inUse} of ${most} are in use`);
          };
          for (const { act, worker: number, key } of steps) {
            const index = number % count;
            const worker = workers[index];
            const owned = held[index];
            assert.ok(worker && owned);
            if (act === "take") {
              void Promise.resolve(worker.slots.take(key)).then((isTaken) => {
                if (isTaken && worker.isAlive) add(owned, key, 1);
              });
            } else if (act === "give-back" && (owned.get(key) ?? 0) > 0) {
              add(owned, key, -1);
              worker.slots.giveBack(key);
            } else if (act === "die") {
              worker.die();
              held[index] = new Map();
              workers[index] = new TestWorker(pool, count, index);
            } else if (act === "to worker") worker.deliver("worker");
            else if (act === "to primary") worker.deliver("primary");
            // What was granted is heard of before anything else happens.
            await new Promise(setImmediate);
          }
          settle(workers);
          await new Promise(setImmediate);
          for (const key of ["a", "b1"]) {
            let inUse = held.reduce((sum, each) => sum + (each.get(key) ?? 0), 0);
            for (; inUse < most; inUse++)
              assert.equal(await take(workers, inUse % count, key), true);
            assert.equal(await take(workers, 0, key), false);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("counts what a worker itself has when the primary process is gone, and asks nobody", async () => {
    const { workers } = start(4, 2);
    const [alone] = workers;
    assert.ok(alone);
    while (await take(workers, 1, "pooled"));
    const asked = alone.slots.take("pooled");
    const { said } = alone;
    alone.slots.primaryIsGone();
    assert.equal(await asked, true);
    for (const key of ["pooled", "k", "k"]) assert.equal(alone.slots.take(key), true);
    assert.deepEqual(
      ["pooled", "pooled", "pooled", "k", "k", "k"].map((key) => alone.slots.take(key)),
      [true, true, false, true, true, false],
    );
    alone.slots.giveBack("k");
    assert.equal(alone.slots.take("k"), true);
    assert.equal(alone.said, said);
  });

  it("grants no more than there are to those who asked before the primary process went", async () => {
    const { workers } = start(2, 2);
    const [alone] = workers;
    assert.ok(alone);
    while (await take(workers, 1));
    const asked = [1, 2, 3].map(async () => alone.slots.take("k"));
    alone.slots.primaryIsGone();
    assert.deepEqual(await Promise.all(asked), [true, true, false]);
  });
});
