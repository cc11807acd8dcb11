import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { revocationMetrics } from "./revocation-metrics.ts";
import { Revocations } from "./revocations.ts";
import { TIMEOUT } from "./testing.ts";

const INSTANCE = "11111111-2222-3333-4444-555555555555";
const AWAY = new Error("token store x: cannot be reached");

/** A store that records what it is asked, and fails while it is away. */
class RecordingStore {
  readonly asked: string[] = [];
  isAway = false;
  atWork = 0;
  mostAtWork = 0;
  /** What an answer waits for. */
  gate: Promise<void> = Promise.resolve();

  async revokeInstance(instance: string): Promise<number> {
    this.asked.push(`revoke ${instance}`);
    this.atWork += 1;
    this.mostAtWork = Math.max(this.mostAtWork, this.atWork);
    await this.gate;
    this.atWork -= 1;
    if (this.isAway) throw AWAY;
    return 1;
  }

  authorize(): Promise<string> {
    this.asked.push("authorize");
    return this.isAway ? Promise.reject(AWAY) : Promise.resolve("token");
  }
}

interface Stage {
  readonly store: RecordingStore;
  readonly revocations: Revocations;
  readonly logged: string[];
  nowMs: number;
}

function setUp({ isAway = false } = {}): Stage {
  const store = new RecordingStore();
  store.isAway = isAway;
  const logged: string[] = [];
  const log = {
    info: (message: string, fields?: object) =>
      logged.push(`INFO ${message} ${JSON.stringify(fields)}`),
    warn: (message: string, fields?: object) =>
      logged.push(`WARN ${message} ${JSON.stringify(fields)}`),
  };
  const stage = { store, logged, nowMs: 0 } as Stage & { revocations: Revocations };
  const revocations = new Revocations({
    ...{ store, log, limitMs: () => 600_000 },
    now: () => stage.nowMs,
  });
  return Object.assign(stage, { revocations });
}

const turns = async (): Promise<void> => {
  for (let count = 0; count < 20; count++) await Promise.resolve();
};

describe("Revocations", () => {
  it("is done when the store took it, however often it has to be tried", TIMEOUT, async () => {
    const { store, revocations, logged } = setUp({ isAway: true });
    const done = revocations.revoke(INSTANCE.toUpperCase());
    await turns();
    assert.equal(revocations.counts.pending, 1);
    assert.match(
      logged.join("\n"),
      new RegExp(`^WARN .*cannot be revoked yet.*${INSTANCE}.*cannot be reached.*$`),
    );
    store.isAway = false;
    await done;
    assert.deepEqual(revocations.counts, { done: 1, failedAttempts: 1, givenUp: 0, pending: 0 });
    assert.match(
      logged[1] ?? "",
      new RegExp(`^INFO consoles revoked over RPC.*${INSTANCE}.*"afterMs"`),
    );
    const metrics = revocationMetrics(revocations.counts);
    assert.match(metrics, /^nova_consoleauth_revocations_total 1$/m);
    assert.match(metrics, /^nova_consoleauth_revocations_pending 0$/m);
    assert.match(metrics, /^nova_consoleauth_revocation_failures_total 1$/m);
  });

  it(
    "names each instance once while the store is away, and asks it for one only",
    TIMEOUT,
    async () => {
      const { store, revocations, logged } = setUp({ isAway: true });
      const instances = Array.from({ length: 100 }, () => randomUUID());
      const all = Promise.all(instances.map((each) => revocations.revoke(each)));
      await turns();
      const atFirst = store.asked.length;
      assert.ok(atFirst <= 8, `${atFirst} were tried at once`);
      store.mostAtWork = 0;
      // Two rounds of the back-off.
      const [first, last] = [store.asked.length, randomUUID()];
      while (store.asked.length < first + 2) await new Promise(setImmediate);
      assert.equal(store.mostAtWork, 1);
      void revocations.revoke(last);
      assert.match(logged.at(-1) ?? "", new RegExp(`^WARN .*${last}`));
      store.isAway = false;
      await all;
      const warned = logged.filter((line) => line.startsWith("WARN"));
      assert.equal(new Set(warned).size, warned.length);
    },
  );

  it("does not let a late revocation delete a token that was made after it", TIMEOUT, async () => {
    const { store, revocations } = setUp({ isAway: true });
    const revoked = revocations.revoke(INSTANCE);
    await turns();
    await assert.rejects(
      revocations.runAfter(INSTANCE, () => store.authorize()),
      AWAY,
    );
    assert.ok(!store.asked.includes("authorize"));
    store.isAway = false;
    assert.equal(await revocations.runAfter(INSTANCE, () => store.authorize()), "token");
    await revoked;
    assert.deepEqual(store.asked.slice(-2), [`revoke ${INSTANCE}`, "authorize"]);
    assert.equal(revocations.counts.pending, 0);
  });

  it("revokes after what came before it, and before what came after it", TIMEOUT, async () => {
    const { store, revocations } = setUp();
    let open = (): void => undefined;
    store.gate = new Promise((resolve) => (open = resolve));
    const order: string[] = [];
    const slow = revocations.runAfter(INSTANCE, async () => {
      await store.gate;
      order.push("first");
    });
    const revoked = revocations.revoke(INSTANCE).then(() => order.push("revoked"));
    const last = revocations.runAfter(INSTANCE, () => Promise.resolve(order.push("last")));
    await turns();
    assert.deepEqual(store.asked, []);
    open();
    await Promise.all([slow, revoked, last]);
    assert.deepEqual(order, ["first", "revoked", "last"]);
  });

  it("keeps one of those that the broker delivers again", TIMEOUT, async () => {
    const { store, revocations } = setUp({ isAway: true });
    const instances = Array.from({ length: 20 }, () => randomUUID());
    const rounds = [1, 2, 3, 4].map(() => {
      const connection = new AbortController();
      const all = instances.map((each) => revocations.revoke(each, connection.signal));
      connection.abort();
      return all;
    });
    await turns();
    const { pending } = revocations.counts;
    store.isAway = false;
    await Promise.all(rounds.flat());
    // Those that were tried when they came again are done twice.
    assert.ok(pending <= 20 + 8, `${pending} waited`);
    assert.equal(revocations.counts.pending, 0);
  });

  it("lets none of an instance's requests wait for the others", TIMEOUT, async () => {
    const { revocations } = setUp();
    const begun: number[] = [];
    for (const number of [1, 2]) {
      void revocations.runAfter(INSTANCE, () => {
        begun.push(number);
        return new Promise(() => undefined);
      });
    }
    await turns();
    assert.deepEqual(begun, [1, 2]);
  });

  it(
    "gives up after the longest life of a token, and says how to do it by hand",
    TIMEOUT,
    async () => {
      const stage = setUp({ isAway: true });
      stage.nowMs = 0;
      const done = stage.revocations.revoke(INSTANCE);
      stage.nowMs = 600_000;
      await done;
      assert.equal(stage.revocations.counts.givenUp, 1);
      assert.match(stage.logged.at(-1) ?? "", new RegExp(`revoke --instance ${INSTANCE}`));
    },
  );

  it("leaves what is pending undone when it stops", TIMEOUT, async () => {
    const { store, revocations } = setUp({ isAway: true });
    let isDone = false;
    void revocations.revoke(INSTANCE).then(() => (isDone = true));
    await turns();
    revocations.stop();
    store.isAway = false;
    await turns();
    assert.equal(isDone, false);
    assert.equal(store.asked.length, 1);
  });
});
