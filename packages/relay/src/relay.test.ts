import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { Duplex, duplexPair } from "node:stream";
import { ByteReader } from "@nova-console/byte-stream";
import { readToEnd } from "@nova-console/byte-stream/testing";
import fc from "fast-check";
import { relay, type RelayResult } from "./relay.ts";

const limits = { idleTimeoutMs: 0 };

/** A relay between two pairs: `viewer` and `backend` are the far ends. */
function joined(
  overrides: Partial<typeof limits> = {},
  signal = new AbortController().signal,
): { viewer: Duplex; backend: Duplex; nearViewer: Duplex; result: Promise<RelayResult> } {
  const [viewer, nearViewer] = duplexPair();
  const [nearBackend, backend] = duplexPair();
  const result = relay(nearViewer, nearBackend, { ...limits, ...overrides }, signal);
  return { viewer, backend, nearViewer, result };
}

describe("relay()", { timeout: 20_000 }, () => {
  it("carries any bytes in any split both ways, in order and complete", async () => {
    const first = fc.uint8Array({ minLength: 1, maxLength: 5000 });
    const chunks = fc.array(first, { maxLength: 30 });
    await fc.assert(
      // A viewer that says nothing gets nothing.
      fc.asyncProperty(
        fc.tuple(first, chunks).map(([one, more]) => [one, ...more]),
        chunks,
        async (fromViewer, fromBackend) => {
          const { viewer, backend, result } = joined();
          for (const chunk of fromViewer) viewer.write(chunk);
          viewer.end();
          for (const chunk of fromBackend) backend.write(chunk);
          backend.end();
          const [atViewer, atBackend] = await Promise.all([readToEnd(viewer), readToEnd(backend)]);
          assert.deepEqual(atBackend, Buffer.concat(fromViewer));
          assert.deepEqual(atViewer, Buffer.concat(fromBackend));
          const { bytesFromViewer, bytesToViewer } = await result;
          assert.deepEqual([bytesFromViewer, bytesToViewer], [atBackend.length, atViewer.length]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("pauses a backend for the bytes that wait, whatever the viewer's high-water mark", async () => {
    const [viewer, nearViewer] = duplexPair({ highWaterMark: 1 });
    const [nearBackend, backend] = duplexPair();
    const result = relay(nearViewer, nearBackend, limits, new AbortController().signal);
    const send = async (): Promise<void> => {
      backend.write(Buffer.alloc(16_384, 7));
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let count = 0; count < 3; count++) await send();
    assert.equal(nearBackend.isPaused(), false);
    for (let count = 0; count < 3; count++) await send();
    assert.equal(nearBackend.isPaused(), true);
    backend.end();
    assert.equal((await readToEnd(viewer)).length, 6 * 16_384);
    viewer.end();
    assert.equal((await result).bytesToViewer, 6 * 16_384);
  });

  it("passes the viewer's half-close on and goes on with the other direction", async () => {
    const { viewer, backend, result } = joined();
    viewer.end("bye");
    assert.equal((await readToEnd(backend)).toString(), "bye");
    backend.end("last words");
    assert.equal((await readToEnd(viewer)).toString(), "last words");
    const { endedBy, error } = await result;
    assert.deepEqual({ endedBy, error }, { endedBy: "viewer", error: null });
  });

  it("passes the backend's end on after its last bytes", async () => {
    const { viewer, backend, result } = joined();
    backend.end(Buffer.alloc(200_000, 7));
    assert.equal((await readToEnd(viewer)).length, 200_000);
    viewer.end();
    assert.equal((await result).endedBy, "backend");
  });

  it("tells a broken backend from one that ended", async () => {
    const [viewer, nearViewer] = duplexPair();
    const nearBackend = new Duplex({ read: nothing, write: nothing });
    const result = relay(nearViewer, nearBackend, limits, new AbortController().signal);
    nearBackend.destroy(new Error("read ECONNRESET"));
    const { endedBy, error } = await result;
    assert.deepEqual([endedBy, error?.message], ["backend", "read ECONNRESET"]);
    viewer.destroy();
  });

  it("hands the last bytes of a viewer that is gone to the backend", async () => {
    const { viewer, backend, nearViewer, result } = joined();
    viewer.write("echo done\n");
    await once(backend, "readable");
    nearViewer.destroy();
    assert.equal((await result).endedBy, "viewer");
    assert.equal((await readToEnd(backend)).toString(), "echo done\n");
  });

  it("waits five seconds for a backend to take the last bytes of a viewer that is gone", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const [viewer, nearViewer] = duplexPair();
    const stuck = new Duplex({ read: nothing, write: nothing });
    const result = relay(nearViewer, stuck, limits, new AbortController().signal);
    viewer.write("echo done\n");
    while (stuck.writableLength === 0) await new Promise((resolve) => setImmediate(resolve));
    nearViewer.destroy();
    assert.equal((await result).endedBy, "viewer");
    t.mock.timers.tick(4_999);
    assert.equal(stuck.destroyed, false);
    t.mock.timers.tick(1);
    assert.equal(stuck.destroyed, true);
  });

  for (const [slow, fast] of [
    ["viewer", "backend"],
    ["backend", "viewer"],
  ] as const) {
    it(`takes little from the ${fast} while the ${slow} does not read`, async () => {
      const far = joined();
      let taken = 0;
      const chunk = Buffer.alloc(10_000);
      // Fill until nothing moves any more: the far end's own queue is then full as well.
      while (far[fast].write(chunk, () => (taken += chunk.length)));
      while (await drains(far[fast])) while (far[fast].write(chunk, () => (taken += chunk.length)));
      // A high-water mark for each of the two pairs' queues, and a chunk more.
      assert.ok(taken <= 4 * 65_536 + 10_000, `${taken} bytes were taken`);
      const rest = readToEnd(far[slow]);
      far[fast].end();
      far[fast].resume();
      assert.ok((await rest).length >= taken);
      far[slow].end();
      await far.result;
    });
  }

  it("takes few bytes from who sends them one at a time while the other side does not read", async () => {
    const { viewer, backend, result } = joined();
    let taken = 0;
    for (let sent = 0; sent < 300_000; sent++) {
      if (!viewer.write(Buffer.of(sent), () => (taken += 1)) && !(await drains(viewer))) break;
    }
    // The high-water marks of the queues around the relay, and little in its own.
    assert.ok(taken <= 3 * 65_536 + 2_000, `${taken} bytes were taken`);
    const all = readToEnd(backend);
    viewer.end();
    backend.end();
    viewer.resume();
    assert.ok((await all).length >= taken);
    await result;
  });

  it("ends when the viewer has sent nothing for the idle time", async () => {
    const { backend, result } = joined({ idleTimeoutMs: 20 });
    backend.write("the backend's bytes do not count");
    assert.equal((await result).endedBy, "idle");
  });

  it("does not count a viewer as idle that goes on sending", async () => {
    const idleTimeoutMs = 500;
    const { viewer, backend, result } = joined({ idleTimeoutMs });
    const started = performance.now();
    let sentBytes = 0;
    while (performance.now() - started < 3 * idleTimeoutMs) {
      const arrived = once(backend, "data");
      viewer.write("still here");
      sentBytes += 10;
      await arrived;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { endedBy, bytesFromViewer } = await result;
    assert.deepEqual([endedBy, bytesFromViewer], ["idle", sentBytes]);
  });

  for (const [ended, limitMs] of [
    ["viewer", 10_000],
    ["backend", 60_000],
  ] as const) {
    it(`gives the other direction ${limitMs} ms after the ${ended} has ended, whatever it carries`, async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const far = joined();
      far[ended].end("x");
      const other = ended === "viewer" ? far.backend : far.viewer;
      await once(other.resume(), "end");
      far[ended].resume();
      let isOver = false;
      void far.result.then(() => (isOver = true));
      for (let second = 1; second < limitMs / 1000; second++) {
        const carried = once(far[ended], "data");
        other.write("a byte");
        await carried;
        t.mock.timers.tick(1_000);
      }
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isOver, false);
      t.mock.timers.tick(1_000);
      assert.equal((await far.result).endedBy, ended);
      // The backend's close clears a timer: before the next test has timers of the same numbers.
      await new Promise((resolve) => setImmediate(resolve));
    });
  }

  for (const side of ["viewer", "backend"] as const) {
    it(`ends at once when the ${side} ended with the last byte of its handshake`, async () => {
      const [viewer, nearViewer] = duplexPair();
      const [nearBackend, backend] = duplexPair();
      const [far, near] = side === "viewer" ? [viewer, nearViewer] : [backend, nearBackend];
      far.end("x");
      const reader = new ByteReader(near, new AbortController().signal);
      await reader.readExact(1);
      reader.release();
      // As a socket does by itself: its "end" passes although nobody reads.
      while (!near.readableEnded) {
        near.read(0);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { endedBy } = await relay(
        nearViewer,
        nearBackend,
        limits,
        new AbortController().signal,
      );
      assert.equal(endedBy, side);
      for (const stream of [viewer, nearViewer]) stream.destroy();
      await readToEnd(backend);
    });
  }

  it("hands over what a viewer that is gone had sent while the backend was behind", async () => {
    const { viewer, backend, nearViewer, result } = joined();
    // The far end of the backend does not read: its queue and the relay's fill, then the viewer's.
    for (let turn = 0; turn < 100 && nearViewer.readableLength === 0; turn++) {
      viewer.write(Buffer.alloc(10_000, 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const leftBytes = nearViewer.readableLength;
    assert.ok(leftBytes > 0, "nothing was left to hand over");
    const all = readToEnd(backend);
    nearViewer.destroy();
    await once(nearViewer, "close");
    const { bytesFromViewer } = await result;
    assert.equal((await all).length, bytesFromViewer);
    assert.equal(nearViewer.readableLength, 0);
  });

  it("holds few writes, however short, for a backend that takes none", async () => {
    const [viewer, nearViewer] = duplexPair();
    const waiting: (() => void)[] = [];
    let writes = 0;
    const stuck = new Duplex({
      read: nothing,
      write: (_chunk, _encoding, done) => waiting.push(done),
      writev: (chunks, done) => {
        writes += chunks.length;
        waiting.push(done);
      },
    });
    const result = relay(nearViewer, stuck, limits, new AbortController().signal);
    for (let sent = 0; sent < 1000; sent++) {
      viewer.write(Buffer.of(sent));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(stuck.writableLength <= 2 * 64, `${stuck.writableLength} writes wait`);
    while (writes < 2 * 64) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    nearViewer.destroy();
    await result;
    stuck.destroy();
  });

  it("ends at once when it is told to", async () => {
    const ending = new AbortController();
    const { backend, result } = joined({}, ending.signal);
    ending.abort();
    assert.equal((await result).endedBy, "aborted");
    backend.resume();
    await once(backend, "end");
  });

  it("ends at once when a channel is gone before it starts", async () => {
    const [, nearViewer] = duplexPair();
    const [nearBackend] = duplexPair();
    nearViewer.destroy();
    await once(nearViewer, "close");
    const { endedBy } = await relay(nearViewer, nearBackend, limits, new AbortController().signal);
    assert.equal(endedBy, "viewer");
  });
});

/** Whether a full stream takes more: "drain", or nothing in several turns of the event loop. */
async function drains(stream: Duplex): Promise<boolean> {
  for (let turn = 0; turn < 50; turn++) {
    if (!stream.writableNeedDrain) return true;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return false;
}

function nothing(): void {
  // A channel on which nothing happens.
}
