import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { describe, it } from "node:test";
import type { WebSocket } from "ws";
import { frame } from "./testing/raw-client.ts";
import { WebSocketAcceptor } from "./web-socket-acceptor.ts";

const MAX_MESSAGE_BYTES = 1024 ** 2;
const MAX_FRAGMENTS = 256;

/** An upgrade that is done, and the viewer's end: each of its writes is one read of the proxy's. */
async function accepted(): Promise<{ viewer: Duplex; webSocket: WebSocket }> {
  const [ours, viewer] = duplexPair();
  viewer.resume();
  const request = {
    method: "GET",
    url: "/",
    headers: {
      upgrade: "websocket",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
    },
  } as unknown as IncomingMessage;
  // `ws` takes any Duplex; the proxy's own type is narrower.
  const socket = ours as unknown as Socket;
  const connection = { viewerAddress: "192.0.2.1", secure: false, firstByte: 0x47 };
  const acceptor = new WebSocketAcceptor(MAX_MESSAGE_BYTES, MAX_FRAGMENTS);
  const webSocket = acceptor.accept({
    ...{ request, socket, head: Buffer.alloc(0) },
    connection: { ...connection, tokenShown: () => undefined },
  });
  assert.ok(webSocket);
  await new Promise(setImmediate);
  return { viewer, webSocket };
}

/** Sends pieces one by one. @returns the first message, or the first error */
async function outcome(pieces: readonly Buffer[]): Promise<Buffer | (Error & { code?: string })> {
  const { viewer, webSocket } = await accepted();
  const ended = new AbortController();
  const { signal } = ended;
  try {
    const result = Promise.race([
      once(webSocket, "message", { signal }).then(([data]) => data as Buffer),
      once(webSocket, "error", { signal }).then(([error]) => error as Error),
    ]).catch((error: unknown) => error as Error);
    for (const piece of pieces) {
      if (!viewer.write(piece)) await Promise.race([once(viewer, "drain"), result]);
      // A read of its own: two writes in one tick would come as two reads at once, or as one.
      await new Promise(setImmediate);
    }
    return await result;
  } finally {
    ended.abort();
    webSocket.on("error", () => undefined);
    webSocket.terminate();
    viewer.destroy();
  }
}

/** A frame of which all bytes but the last come one by one, in so many reads. */
function inReads(reads: number): Buffer[] {
  const whole = frame(Buffer.alloc(60_000, 7));
  const header = whole.subarray(0, 8);
  const single = Array.from({ length: reads - 1 }, (_, at) => whole.subarray(8 + at, 9 + at));
  return [header, ...single, whole.subarray(8 + single.length)];
}

describe("WebSocketAcceptor", { timeout: 60_000 }, () => {
  it("takes a frame that comes in 8192 reads", async () => {
    const message = await outcome(inReads(8_192));
    assert.ok(Buffer.isBuffer(message), String(message));
    assert.equal(message.length, 60_000);
  });

  it("refuses a frame that takes more reads, which cost more than their bytes", async () => {
    const error = await outcome(inReads(8_194));
    assert.ok(error instanceof Error);
    assert.equal(error.code, "WS_ERR_TOO_MANY_BUFFERED_PARTS");
  });

  /** A message of one byte in each of so many fragments. */
  const inFragments = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, at) =>
      frame("x", { opcode: at === 0 ? 2 : 0, final: at === count - 1 }),
    );

  it("takes a message of as many fragments as it may have", async () => {
    assert.deepEqual(await outcome(inFragments(MAX_FRAGMENTS)), Buffer.alloc(MAX_FRAGMENTS, "x"));
  });

  it("refuses a message of one fragment more", async () => {
    const error = await outcome(inFragments(MAX_FRAGMENTS + 1));
    assert.ok(error instanceof Error);
    assert.match(String(error.code), /^WS_ERR_TOO_MANY_BUFFERED_PARTS$/);
  });
});
