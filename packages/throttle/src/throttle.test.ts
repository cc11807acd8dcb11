import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { Throttle } from "./throttle.ts";
import { limitsOfWorker, type ThrottleLimits } from "./throttle-limits.ts";

const LIMITS: ThrottleLimits = {
  failuresPerNetwork: 2,
  failuresInAll: null,
  delayMs: 1_000,
  waitingPerNetwork: 2,
  waitingInAll: 3,
};

const stays = () => (): void => undefined;

interface Stage {
  readonly throttle: Throttle;
  readonly events: string[];
  /** Lets time pass. */
  readonly pass: (ms: number) => void;
  /** Failures at once. */
  readonly fail: (address: string, times: number) => void;
}

function stageOf(t: TestContext, change: Partial<ThrottleLimits> = {}): Stage {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let nowMs = 0;
  const events: string[] = [];
  const throttle = new Throttle({
    limits: { ...LIMITS, ...change },
    now: () => nowMs,
    onThrottled: (address, outcome) => events.push(`${address} ${outcome}`),
  });
  return {
    throttle,
    events,
    pass: (ms) => {
      nowMs += ms;
      t.mock.timers.tick(ms);
    },
    fail: (address, times) => {
      for (let done = 0; done < times; done++) throttle.failed(address);
    },
  };
}

describe("Throttle", { timeout: 20_000 }, () => {
  it("asks nothing of an attempt while nobody fails, and of a network that does not", (t) => {
    const { throttle, fail } = stageOf(t);
    const watch = (): never => assert.fail("was asked");
    assert.equal(throttle.admit("192.0.2.1", watch), null);
    fail("192.0.2.2", 9);
    assert.equal(throttle.admit("192.0.2.1", watch), null);
  });

  it("delays a network that has failed, and admits it then", async (t) => {
    const { throttle, events, pass, fail } = stageOf(t);
    fail("192.0.2.1", 2);
    const attempt = throttle.admit("192.0.2.1", stays);
    assert.deepEqual([throttle.waiting, events], [1, ["192.0.2.1 delayed"]]);
    pass(1_000);
    assert.equal(await attempt, "admitted");
    assert.equal(throttle.waiting, 0);
  });

  it("says when a network has room again, and delays no longer then", (t) => {
    const { throttle, pass, fail } = stageOf(t);
    assert.equal(throttle.retryAfterSeconds("192.0.2.1"), 0);
    fail("192.0.2.1", 2);
    assert.equal(throttle.retryAfterSeconds("192.0.2.1"), 30);
    pass(30_000);
    assert.equal(throttle.admit("192.0.2.1", stays), null);
  });

  it("takes all addresses of a /64 for one, and an IPv4-mapped one for its IPv4", (t) => {
    const { throttle, fail } = stageOf(t);
    fail("2001:db8::1", 1);
    fail("2001:db8::2", 1);
    assert.notEqual(throttle.admit("2001:db8::3", stays), null);
    assert.equal(throttle.admit("2001:db8:0:1::3", stays), null);
    fail("::ffff:192.0.2.1", 2);
    assert.notEqual(throttle.admit("192.0.2.1", stays), null);
  });

  it("delays everybody once all together have failed too often", async (t) => {
    const { throttle, pass, fail } = stageOf(t, { failuresInAll: 3 });
    for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) fail(address, 1);
    const attempt = throttle.admit("192.0.2.4", stays);
    pass(1_000);
    assert.equal(await attempt, "admitted");
  });

  it("takes a failure back, of all as well", (t) => {
    const { throttle, fail } = stageOf(t, { failuresInAll: 1 });
    fail("192.0.2.1", 1);
    throttle.succeeded("192.0.2.1");
    fail("192.0.2.2", 1);
    throttle.succeeded("192.0.2.2");
    assert.equal(throttle.admit("192.0.2.1", stays), null);
  });

  it("ends a delay when the peer leaves, and stops watching", async (t) => {
    const { throttle, pass, fail } = stageOf(t);
    fail("192.0.2.1", 2);
    const peer = new EventEmitter();
    const attempt = throttle.admit("192.0.2.1", (left) => {
      peer.on("close", left);
      return () => peer.off("close", left);
    });
    peer.emit("close");
    assert.equal(await attempt, "left");
    assert.deepEqual([throttle.waiting, peer.listenerCount("close")], [0, 0]);
    pass(1_000);
  });

  it("notices a peer that had left before", async (t) => {
    const { throttle, fail } = stageOf(t);
    fail("192.0.2.1", 2);
    let isWatched = true;
    const attempt = throttle.admit("192.0.2.1", (left) => {
      left();
      return () => {
        isWatched = false;
      };
    });
    assert.deepEqual([await attempt, throttle.waiting, isWatched], ["left", 0, false]);
  });

  it("bounds how many of a network wait", async (t) => {
    const { throttle, events, pass, fail } = stageOf(t);
    fail("192.0.2.1", 2);
    const attempts = [1, 2, 3].map(async () => throttle.admit("192.0.2.1", stays));
    assert.equal(events.at(-1), "192.0.2.1 refused");
    pass(1_000);
    assert.deepEqual(await Promise.all(attempts), ["admitted", "admitted", "refused"]);
    assert.notEqual(throttle.admit("192.0.2.1", stays), null);
    assert.equal(throttle.waiting, 1);
  });

  it("bounds how many wait in all, and lets those with fewer failures have a place", async (t) => {
    const { throttle, events, pass, fail } = stageOf(t, { failuresInAll: 1 });
    fail("192.0.2.1", 4);
    fail("192.0.2.2", 3);
    fail("192.0.2.3", 1);
    const attempts = [1, 2, 3, 4, 2].map(async (last) => throttle.admit(`192.0.2.${last}`, stays));
    assert.equal(throttle.waiting, 3);
    assert.deepEqual(events.slice(3), [
      "192.0.2.1 refused",
      "192.0.2.4 delayed",
      "192.0.2.2 refused",
    ]);
    pass(1_000);
    assert.deepEqual(await Promise.all(attempts), [
      ...["refused", "admitted", "admitted", "admitted", "refused"],
    ]);
  });

  it("lets all go when it is closed, and has nobody wait after that", async (t) => {
    const { throttle, fail } = stageOf(t);
    fail("192.0.2.1", 2);
    const attempt = throttle.admit("192.0.2.1", stays);
    throttle.close();
    assert.equal(await attempt, "left");
    assert.equal(await throttle.admit("192.0.2.1", stays), "left");
    assert.equal(throttle.waiting, 0);
  });

  it("remembers at most 10,000 networks of those that fail", (t) => {
    const { throttle } = stageOf(t);
    for (let number = 0; number < 100_000; number++) {
      throttle.failed(
        `2001:db8:${(number >> 16).toString(16)}:${(number & 0xffff).toString(16)}::1`,
      );
    }
    assert.ok(throttle.networks <= 10_000);
  });
});

describe("limitsOfWorker()", () => {
  const limits = { ...LIMITS, failuresPerNetwork: 10, failuresInAll: 120, waitingInAll: 60 };

  it("shares the limits out among the workers", () => {
    assert.deepEqual(limitsOfWorker(limits, 1), limits);
    assert.deepEqual(limitsOfWorker(limits, 4), {
      ...{ failuresPerNetwork: 3, failuresInAll: 30, delayMs: 1_000 },
      ...{ waitingPerNetwork: 1, waitingInAll: 15 },
    });
  });

  it("leaves each worker 1 of everything", () => {
    assert.deepEqual(limitsOfWorker({ ...limits, failuresInAll: null }, 128), {
      ...{ failuresPerNetwork: 1, failuresInAll: null, delayMs: 1_000 },
      ...{ waitingPerNetwork: 1, waitingInAll: 1 },
    });
  });
});
