import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { closeFrame, frame, type RawClient } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

/** Long before the limits of a connection that is half-closed, or whose close frame waits. */
const AT_ONCE_MS = 4_000;

let proxy: TestProxy;
let client: RawClient;
let server: Socket;
beforeEach(async () => {
  proxy = await TestProxy.start({ pingIntervalMs: 0 });
  ({ client, server } = await proxy.open());
});
afterEach(async () => {
  client.socket.destroy();
  await proxy.stop();
});

/** Writes as fast as the proxy takes it. */
function pump(socket: Socket, piece: Buffer): void {
  const write = (): void => {
    while (socket.writable && socket.write(piece));
  };
  socket.on("drain", write);
  write();
}

/** Waits until the proxy takes nothing more from `socket`. */
async function isBehind(socket: Socket): Promise<void> {
  for (let before = -1; before !== socket.bytesWritten - socket.writableLength;) {
    before = socket.bytesWritten - socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Waits until the session is over and its backend was closed. @returns its record, as text */
async function ended(): Promise<string> {
  server.resume();
  const limit = AbortSignal.timeout(AT_ONCE_MS);
  while (proxy.proxy.sessions > 0 || !server.destroyed) {
    limit.throwIfAborted();
    if (server.readableEnded) server.write("is anybody there?");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return proxy.log.filter((line) => line.startsWith("session closed")).join();
}

const leavings: [string, () => void][] = [
  ["is reset", () => client.socket.resetAndDestroy()],
  ["ends without a close frame", () => client.socket.end()],
  ["sends a close frame", () => client.socket.write(closeFrame(1001))],
  [
    "sends a close frame, and garbage after it",
    () => client.socket.write(Buffer.concat([closeFrame(1001), Buffer.alloc(500_000, 7)])),
  ],
  [
    "is reset in a frame",
    () =>
      client.socket.write(frame("x".repeat(99)).subarray(0, 9), () =>
        client.socket.resetAndDestroy(),
      ),
  ],
];

const backends: [string, () => void][] = [
  [
    "goes on at full speed",
    () => {
      pump(server, Buffer.alloc(65_536, 7));
    },
  ],
  [
    "goes on with a byte now and then",
    () => {
      const timer = setInterval(() => server.write("x"), 100);
      server.once("close", () => {
        clearInterval(timer);
      });
    },
  ],
  ["says nothing", () => undefined],
];

describe("a viewer that takes nothing more and", { timeout: 60_000 }, () => {
  for (const [leaves, leave] of leavings) {
    for (const [goesOn, start] of backends) {
      it(`${leaves} frees its session and a backend that ${goesOn} and ignores the end`, async () => {
        client.socket.pause();
        start();
        if (goesOn.endsWith("speed")) await isBehind(server);
        const before = server.bytesWritten - server.writableLength;
        leave();
        assert.match(await ended(), /"reason":"viewer-closed"/);
        const taken = server.bytesWritten - before;
        assert.ok(taken < 16_000_000, `${taken} bytes were read after the viewer had gone`);
      });
    }
  }

  it("is reset while its own bytes wait for a backend that reads nothing", async () => {
    server.pause();
    pump(client.socket, frame(Buffer.alloc(60_000, 7)));
    await isBehind(client.socket);
    client.socket.resetAndDestroy();
    // What nobody took was sent on to the backend: its connection is closed when its time is over.
    const limit = AbortSignal.timeout(AT_ONCE_MS);
    while (proxy.proxy.sessions > 0) {
      limit.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.match(proxy.log.join(), /"reason":"viewer-closed"/);
  });
});
