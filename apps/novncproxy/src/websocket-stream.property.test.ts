import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { describe, it } from "node:test";
import fc from "fast-check";
import { WebSocketAcceptor } from "./web-socket-acceptor.ts";
import { WebSocketStream } from "./websocket-stream.ts";
import type { ViewerWebSocket } from "./viewer-web-socket.ts";

const MAX_MESSAGE_BYTES = 6_000;
const MAX_FRAGMENTS = 4;
const TEXT_REFUSED = 1003;
const NEVER = Number.POSITIVE_INFINITY;

/** What a viewer sends, and how it arrives. */
interface Arrival {
  /** Each written by itself; whether a turn passes after it. */
  readonly pieces: readonly { readonly bytes: Buffer; readonly waits: boolean }[];
  /** Whether the first piece came with the request. */
  readonly hasHead: boolean;
  /** The piece before which the reader pauses, for good if the viewer does not stay. */
  readonly pausedAt: number;
  readonly leaving: "FIN" | "destroyed" | "stays";
}

/** What the proxy makes of it. */
interface Outcome {
  /** What the viewer's messages hold, in a row. */
  readonly payload: string;
  /** All that the viewer is answered: pongs and a close frame. */
  readonly answer: string;
  /** Whether it is told that the viewer misbehaved. */
  readonly isRefused: boolean;
}

/** Who reads a WebSocket, and what it has got. */
interface Reader {
  setPaused(isPaused: boolean): void;
  outcome(): { received: Buffer[]; isRefused: boolean };
}
type StartReader = (webSocket: ViewerWebSocket, socket: Duplex) => Reader;

const MASKS = ["00000000", "12345678", "ff00ff00"] as const;
const LENGTH_FORMS = [0, 0, 126, 127] as const;

const payload = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 6 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 130 }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(5, 30, 126, 4_095, 4_096, 4_097, 6_000, 6_001)
      // As the starts of short frames.
      .map((length) => new Uint8Array(length).fill(0x82)),
  },
);

/** A frame with so little wrong with it that what follows matters. */
function frame(opcode: number, isFinal: boolean): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...MASKS), fc.constantFrom(...LENGTH_FORMS), payload)
    .map(([mask, lengthForm, bytes]) =>
      opcode >= 8
        ? encode({ opcode, isFinal, mask, lengthForm: 0 }, bytes.subarray(0, 6))
        : encode({ opcode, isFinal, mask, lengthForm }, bytes),
    );
}

const ping = frame(9, true);
const odd = fc
  .record({
    opcode: fc.constantFrom(0, 1, 2, 3, 8, 9, 11),
    isFinal: fc.boolean(),
    reserved: fc.constantFrom(0, 0, 0, 0x40, 0x20, 0x10),
    mask: fc.constantFrom(null, MASKS[1]),
    lengthForm: fc.constantFrom(...LENGTH_FORMS),
    // Close codes: good, out of range, with a reason that is no UTF-8.
    bytes: fc.oneof(
      payload,
      fc.constantFrom("03e8", "03ec", "03e8c328").map((digits) => Buffer.from(digits, "hex")),
    ),
  })
  .map(({ bytes, ...header }) => encode(header, bytes));
const message = fc.oneof(
  { weight: 8, arbitrary: frame(2, true).map((each) => [each]) },
  { weight: 2, arbitrary: ping.map((each) => [each]) },
  { weight: 2, arbitrary: odd.map((each) => [each]) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      frame(2, false),
      fc.oneof(ping, ping, frame(0, false), frame(2, true), frame(1, true)),
      frame(0, true),
    ),
  },
);

const arrival: fc.Arbitrary<Arrival> = fc.record({
  pieces: fc
    .array(
      fc.tuple(
        message,
        fc.array(
          fc.record({
            frame: fc.nat({ max: 2 }),
            at: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 6_000 })),
            waits: fc.boolean(),
          }),
          { maxLength: 3 },
        ),
      ),
      { maxLength: 12 },
    )
    .map((messages) => messages.flatMap(([frames, cuts]) => cutFrames(frames, cuts)))
    .map((pieces) => join(pieces)),
  hasHead: fc.boolean(),
  pausedAt: fc.oneof(fc.nat({ max: 6 }), fc.constant(NEVER)),
  leaving: fc.constantFrom("FIN", "destroyed", "stays"),
});

interface Piece {
  readonly bytes: Buffer;
  readonly waits: boolean | null;
}

/** Cuts frames at some of their first bytes. */
function cutFrames(
  frames: readonly Buffer[],
  cuts: readonly { readonly frame: number; readonly at: number; readonly waits: boolean }[],
): Piece[] {
  return frames.flatMap((bytes, index) => {
    const own = cuts
      .filter((cut) => cut.frame === index)
      .map(({ at, waits }) => ({ at: Math.min(at, bytes.length), waits }))
      .sort((one, other) => one.at - other.at);
    let from = 0;
    return [...own, { at: bytes.length, waits: null }].map(({ at, waits }) => {
      const piece = { bytes: bytes.subarray(from, at), waits };
      from = at;
      return piece;
    });
  });
}

/** Joins the pieces between which nothing was cut. */
function join(pieces: readonly Piece[]): { bytes: Buffer; waits: boolean }[] {
  const joined: { bytes: Buffer; waits: boolean }[] = [];
  let open: Buffer[] = [];
  for (const { bytes, waits } of pieces) {
    open.push(bytes);
    if (waits === null) continue;
    joined.push({ bytes: Buffer.concat(open), waits });
    open = [];
  }
  return [...joined, { bytes: Buffer.concat(open), waits: true }];
}

interface Header {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly reserved?: number;
  /** Null for none. */
  readonly mask: string | null;
  /** The shortest for 0. */
  readonly lengthForm: number;
}

function encode(header: Header, bytes: Uint8Array): Buffer {
  const { opcode, isFinal, reserved = 0, mask, lengthForm } = header;
  const form =
    lengthForm === 127 ? 127 : lengthForm === 126 || bytes.length > 125 ? 126 : bytes.length;
  const length = Buffer.alloc(form === 127 ? 8 : form === 126 ? 2 : 0);
  if (form === 127) length.writeBigUInt64BE(BigInt(bytes.length));
  if (form === 126) length.writeUInt16BE(bytes.length);
  const key = Buffer.from(mask ?? "", "hex");
  return Buffer.concat([
    Buffer.of((isFinal ? 0x80 : 0) | reserved | opcode),
    Buffer.of((mask === null ? 0 : 0x80) | form),
    length,
    key,
    mask === null ? bytes : bytes.map((byte, at) => byte ^ (key[at % 4] ?? 0)),
  ]);
}

/** As `ws` alone has it. */
const readByWs: StartReader = (webSocket) => {
  const received: Buffer[] = [];
  let isRefused = false;
  webSocket.on("error", () => {
    isRefused = true;
  });
  webSocket.on("message", (data: Buffer, isBinary) => {
    if (isRefused) return;
    if (isBinary) received.push(data);
    else {
      isRefused = true;
      webSocket.closeWith(TEXT_REFUSED, "Text frames are not supported");
    }
  });
  return {
    setPaused: (isPaused) => {
      if (isPaused) webSocket.pause();
      else webSocket.resume();
    },
    outcome: () => ({ received, isRefused }),
  };
};

/** By our stream, as the relay reads it: lent or not. */
const readByStream =
  (isLent: boolean): StartReader =>
  (webSocket, socket) => {
    const received: Buffer[] = [];
    const stream = new WebSocketStream(webSocket, socket as unknown as Socket);
    stream.on("error", () => undefined);
    const take = (bytes: Buffer): void => {
      received.push(Buffer.from(bytes));
    };
    if (isLent) stream.lendTo(take);
    else stream.on("data", take);
    return {
      setPaused: (isPaused) => {
        // As a stream it pauses when it has got something, which is another moment than that of ws.
        if (!isLent) return;
        if (isPaused) stream.pause();
        else stream.resume();
      },
      outcome: () => {
        for (let rest: unknown; (rest = stream.read()) instanceof Buffer;) take(rest);
        return { received, isRefused: stream.errored !== null };
      },
    };
  };

async function outcomeOf(sent: Arrival, start: StartReader): Promise<Outcome> {
  const [socket, viewer] = duplexPair();
  const answered: Buffer[] = [];
  viewer.on("data", (bytes: Buffer) => answered.push(bytes));
  viewer.on("error", () => undefined);
  const pieces = sent.pieces.map(({ bytes, waits }) => ({ bytes: Buffer.from(bytes), waits }));
  const head = sent.hasHead ? (pieces.shift()?.bytes ?? Buffer.alloc(0)) : Buffer.alloc(0);
  const headers = {
    upgrade: "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  };
  const webSocket = new WebSocketAcceptor(MAX_MESSAGE_BYTES, MAX_FRAGMENTS).accept({
    request: { method: "GET", url: "/", headers } as unknown as IncomingMessage,
    // `ws` takes any Duplex; the proxy's own type is narrower.
    socket: socket as unknown as Socket,
    head,
    connection: { viewerAddress: "192.0.2.1", tokenShown: () => undefined },
  });
  assert.ok(webSocket);
  const reader = start(webSocket, socket);
  for (const [index, { bytes, waits }] of pieces.entries()) {
    if (index === sent.pausedAt) reader.setPaused(true);
    viewer.write(bytes);
    if (waits) await turns();
  }
  await turns();
  if (sent.leaving !== "destroyed") reader.setPaused(false);
  await turns();
  if (sent.leaving === "FIN") viewer.end();
  if (sent.leaving === "destroyed") socket.destroy();
  await turns();
  webSocket.terminate();
  await turns();
  const { received, isRefused } = reader.outcome();
  return {
    payload: Buffer.concat(received).toString("hex"),
    answer: Buffer.concat(answered).toString("hex"),
    isRefused,
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

describe("WebSocketStream, which reads short frames by itself", { timeout: 60_000 }, () => {
  for (const isLent of [true, false]) {
    it(`makes of any bytes what ws makes of them, ${isLent ? "lent" : "read as a stream"}`, async () => {
      await fc.assert(
        fc.asyncProperty(arrival, async (sent) => {
          assert.deepEqual(
            await outcomeOf(sent, readByStream(isLent)),
            await outcomeOf(isLent ? sent : { ...sent, pausedAt: NEVER }, readByWs),
          );
        }),
        { numRuns: 1_500 },
      );
    });
  }
});
