import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { relay } from "./relay.ts";

/** Time passes this much faster for the relay. node:test's own clock cannot refresh a timer. */
const SPEED = 600;

describe("relay() whose backend has ended", { timeout: 20_000 }, () => {
  beforeEach(() => {
    const setRealTimeout = globalThis.setTimeout;
    mock.method(globalThis, "setTimeout", (work: () => void, delayMs: number) =>
      setRealTimeout(work, delayMs / SPEED),
    );
  });
  afterEach(() => {
    mock.restoreAll();
  });

  it("ends in time although the viewer goes on sending and takes nothing", async () => {
    const [viewer, nearViewer] = duplexPair();
    const [nearBackend, backend] = duplexPair();
    const limits = { idleTimeoutMs: 0 };
    const result = relay(nearViewer, nearBackend, limits, new AbortController().signal);
    backend.resume().end(Buffer.alloc(500_000));
    const typing = setInterval(() => viewer.write("a key"), 5);
    const outcome = await Promise.race([
      result.then(({ endedBy }) => endedBy),
      new Promise((resolve) => setTimeout(resolve, 2_000 * SPEED, "still open")),
    ]);
    clearInterval(typing);
    assert.equal(outcome, "backend");
    for (const stream of [viewer, nearViewer, backend]) stream.destroy();
  });
});
