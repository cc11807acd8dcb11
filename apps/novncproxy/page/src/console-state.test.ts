import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AttemptEnd } from "./attempt-end.ts";
import { type ConsoleEvent, type ConsoleState, nextState } from "./console-state.ts";
import type { ReconnectPolicy } from "./reconnect-policy.ts";

const policy: ReconnectPolicy = { rule: "after-failure", firstDelayMs: 1000 };

const dropped: AttemptEnd = {
  wasRequested: false,
  connectedForMs: null,
  securityFailure: null,
  localFailure: null,
  closeCode: 1006,
  closeReason: "",
};

/** The end of a connection, with `random` in the middle: pauses are then not spread. */
const ended = (end: Partial<AttemptEnd> = {}): ConsoleEvent => ({
  type: "ended",
  end: { ...dropped, ...end },
  random: 0.5,
});

/** Runs events from the start on. */
function run(events: readonly ConsoleEvent[], withPolicy = policy): ConsoleState {
  return events.reduce<ConsoleState>((state, event) => nextState(state, event, withPolicy), {
    phase: "ready",
  });
}

/** The pauses until the page gives up. */
function pauses(end: Partial<AttemptEnd>, withPolicy = policy): number[] {
  const found: number[] = [];
  const connected: ConsoleEvent[] =
    end.connectedForMs === undefined ? [] : [{ type: "connected" as const }];
  let state = run([{ type: "connect" }, ...connected, ended(end)], withPolicy);
  while (state.phase === "reconnecting" && found.length < 100) {
    found.push(state.delayMs);
    state = nextState(state, { type: "retry" }, withPolicy);
    state = nextState(state, ended(), withPolicy);
  }
  return found;
}

describe("nextState()", () => {
  it("goes from ready over connecting to connected", () => {
    assert.equal(run([{ type: "connect" }]).phase, "connecting");
    assert.equal(run([{ type: "connect" }, { type: "connected" }]).phase, "connected");
  });

  it("pauses longer each time after a connection was lost, then gives up", () => {
    assert.deepEqual(
      pauses({ connectedForMs: 60_000 }),
      [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000],
    );
  });

  it("gives up sooner if the screen never appeared", () => {
    assert.deepEqual(pauses({}), [1000, 2000, 4000]);
  });

  it("says how often it tried when it gives up", () => {
    const retries = Array.from({ length: 3 }, () => [{ type: "retry" as const }, ended()]).flat();
    const state = run([{ type: "connect" }, ended(), ...retries]);
    assert.equal(state.phase, "closed");
    assert.match(state.words.detail, /It was tried 4 times\.$/);
  });

  it("starts with the pause that the URL asks for", () => {
    assert.deepEqual(pauses({}, { ...policy, firstDelayMs: 50 }), [50, 100, 200]);
  });

  it("counts anew after a screen that was stable", () => {
    const state = run([
      { type: "connect" },
      ended(),
      { type: "retry" },
      ended(),
      { type: "retry" },
      { type: "connected" },
      ended({ connectedForMs: 10_000 }),
    ]);
    assert.equal(state.phase === "reconnecting" && state.delayMs, 1000);
  });

  it("does not count anew after a screen that came and went", () => {
    const state = run([
      { type: "connect" },
      ended(),
      { type: "retry" },
      { type: "connected" },
      ended({ connectedForMs: 100 }),
    ]);
    assert.equal(state.phase === "reconnecting" && state.delayMs, 2000);
  });

  const final: { name: string; end: Partial<AttemptEnd> }[] = [
    { name: "a refused token", end: { securityFailure: "expired", closeCode: 1008 } },
    { name: "a close with 1008", end: { closeCode: 1008 } },
    { name: "the end of the instance's screen", end: { connectedForMs: 9, closeCode: 1000 } },
    { name: "the person's own wish", end: { wasRequested: true } },
  ];
  for (const { name, end } of final) {
    it(`does not try again after ${name}`, () => {
      assert.equal(run([{ type: "connect" }, ended(end)]).phase, "closed");
    });
  }

  it("tries again after a planned end only if the URL says reconnect=1", () => {
    const events = [{ type: "connect" }, ended({ closeCode: 1000 })] satisfies ConsoleEvent[];
    assert.equal(run(events, { ...policy, rule: "always" }).phase, "reconnecting");
    assert.equal(run(events).phase, "closed");
  });

  it("never tries again if the URL says reconnect=0", () => {
    const state = run([{ type: "connect" }, ended()], { ...policy, rule: "never" });
    assert.equal(state.phase, "closed");
  });

  it("stops trying when told to, and keeps the reason", () => {
    const state = run([{ type: "connect" }, ended(), { type: "stop" }]);
    assert.equal(state.phase, "closed");
    assert.equal(state.words.title, "No connection");
  });

  it("tries at once when told to, and counts anew", () => {
    const state = run([{ type: "connect" }, ended(), { type: "connect" }, ended()]);
    assert.equal(state.phase === "reconnecting" && state.delayMs, 1000);
  });

  it("ignores timers and sockets that are late", () => {
    const late: ConsoleEvent[] = [
      { type: "retry" },
      { type: "connected" },
      { type: "stop" },
      ended(),
    ];
    for (const event of late) assert.deepEqual(run([event]), { phase: "ready" });
    assert.equal(run([{ type: "connect" }, { type: "connect" }]).phase, "connecting");
  });

  it("spreads the pauses of many pages by a fifth to both sides", () => {
    for (const [random, delayMs] of [
      [0, 800],
      [0.999_999, 1200],
    ] as const) {
      const state = run([{ type: "connect" }, { type: "ended", end: dropped, random }]);
      assert.equal(state.phase === "reconnecting" && state.delayMs, delayMs);
    }
  });
});
