import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ComputeWatch } from "./compute-watch.ts";

type Answer = true | { readonly code?: string; readonly remoteClass?: string };

const SILENT: Answer = { code: "RPC_ERR_TIMEOUT" };
const NOBODY: Answer = { code: "RPC_ERR_UNROUTABLE" };
const RAISED: Answer = { code: "RPC_ERR_REMOTE", remoteClass: "InstanceNotFound" };
const NO_BROKER: Answer = { code: "RPC_ERR_BROKER_UNAVAILABLE" };

/** @param computes - how many of them the cell has */
function watchOf(computes: number) {
  const clock = { nowMs: 0 };
  const world: { answer: Answer; calls: number } = { answer: true, calls: 0 };
  const watch = new ComputeWatch({
    services: {
      call: () => {
        world.calls += 1;
        const { answer } = world;
        if (answer === true) return Promise.resolve(true);
        return Promise.reject(Object.assign(new Error("no"), answer));
      },
    },
    countComputes: () => Promise.resolve(computes),
    limitMs: 5_000,
    now: () => clock.nowMs,
  });
  const signal = new AbortController().signal;
  const ask = async (answer: Answer, ...hosts: readonly string[]): Promise<void> => {
    world.answer = answer;
    for (const server of hosts) {
      const target = { topic: "compute", server, version: "6.0" };
      await watch.call(target, "m", {}, { timeoutMs: 5_000, signal }).catch(() => undefined);
    }
  };
  return { watch, ask, clock, world };
}

const UNKNOWN = { problem: null, isEverywhere: false, isUnknown: true };
const FINE = { ...UNKNOWN, isUnknown: false };

describe("ComputeWatch", () => {
  it("knows nothing before it is used, and asks nobody", async () => {
    const { watch, world } = watchOf(1);
    assert.deepEqual([await watch.health(), world.calls], [UNKNOWN, 0]);
  });

  it("takes three calls without an answer for silence, of the only host or of several", async () => {
    for (const [computes, hosts, isEverywhere] of [
      [1, ["a", "a", "a"], true],
      [9, ["a", "b", "a"], true],
      [9, ["a", "a", "a"], false],
    ] as const) {
      for (const answer of [SILENT, NOBODY]) {
        const { watch, ask } = watchOf(computes);
        await ask(answer, ...hosts.slice(1));
        assert.deepEqual(await watch.health(), UNKNOWN);
        await ask(answer, hosts[0]);
        const health = await watch.health();
        assert.match(String(health.problem), /^nova-compute on a.* did not answer the last 3 /);
        assert.equal(health.isEverywhere, isEverywhere);
      }
    }
  });

  it("counts from the last answer, an exception included, and no broker's absence", async () => {
    const { watch, ask } = watchOf(1);
    await ask(SILENT, "a", "a");
    await ask(RAISED, "a");
    assert.deepEqual(await watch.health(), FINE);
    await ask(SILENT, "a", "a");
    await ask(NO_BROKER, "a", "a", "a");
    assert.deepEqual(await watch.health(), UNKNOWN);
  });

  it("takes a call that its viewer ended at the limit for one without an answer", async () => {
    const { watch, ask, clock } = watchOf(1);
    const abortedLate = {
      get code() {
        clock.nowMs += 5_000;
        return "ABORTED";
      },
    };
    await ask(abortedLate, "a", "a", "a");
    assert.notEqual((await watch.health()).problem, null);
  });

  it("notices the end of the silence by asking again, and forgets it after a minute", async () => {
    const { watch, ask, clock, world } = watchOf(1);
    await ask(SILENT, "a", "a", "a");
    assert.notEqual((await watch.health()).problem, null);
    clock.nowMs = 1_000;
    world.answer = true;
    assert.deepEqual(await watch.health(), FINE);
    await ask(SILENT, "a", "a", "a");
    clock.nowMs += 60_000;
    const { calls } = world;
    assert.deepEqual([await watch.health(), world.calls], [UNKNOWN, calls]);
  });
});
