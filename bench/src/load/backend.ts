// The VNC server of every measurement, in a process of its own: it answers each
// FramebufferUpdateRequest with one Raw rectangle and each KeyEvent with one pixel that holds the key.
import { createServer, type Socket } from "node:net";
import {
  BANNER,
  CLIENT_INIT,
  KEY_BYTES,
  KEY_TYPE,
  keyEcho,
  REQUEST_BYTES,
  REQUEST_TYPE,
  SECURITY_CHOICE,
  SECURITY_RESULT,
  SECURITY_TYPES,
  SERVER_INIT,
  update,
} from "./rfb-messages.ts";

const BACKLOG = 4096;

/** What the viewer sends in the handshake, and what it is answered. */
const STEPS = [
  { expected: BANNER.length, answer: SECURITY_TYPES },
  { expected: SECURITY_CHOICE.length, answer: SECURITY_RESULT },
  { expected: CLIENT_INIT.length, answer: SERVER_INIT },
];

/** Made once a size: making one costs far more than sending it. */
const updates = new Map<number, Buffer>();

function updateOf(pixelBytes: number): Buffer {
  let message = updates.get(pixelBytes);
  if (message === undefined) updates.set(pixelBytes, (message = update(pixelBytes)));
  return message;
}

function serve(socket: Socket): void {
  let step = 0;
  let rest: Buffer = Buffer.alloc(0);
  socket.write(BANNER);
  socket.on("data", (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let expecting = STEPS[step]; expecting !== undefined; expecting = STEPS[step]) {
      if (bytes.length < expecting.expected) break;
      bytes = bytes.subarray(expecting.expected);
      socket.write(expecting.answer);
      step++;
    }
    if (step === STEPS.length) bytes = bytes.subarray(answerAll(socket, bytes));
    rest = bytes;
  });
}

/** Answers every complete message. @returns how many bytes they had */
function answerAll(socket: Socket, bytes: Buffer): number {
  let at = 0;
  for (;;) {
    const type = bytes[at];
    if (type === REQUEST_TYPE && bytes.length - at >= REQUEST_BYTES) {
      socket.write(updateOf(bytes.readUInt16BE(at + 6) * bytes.readUInt16BE(at + 8) * 4));
      at += REQUEST_BYTES;
    } else if (type === KEY_TYPE && bytes.length - at >= KEY_BYTES) {
      socket.write(keyEcho(bytes.readUInt32BE(at + 4)));
      at += KEY_BYTES;
    } else if (type === undefined || type === REQUEST_TYPE || type === KEY_TYPE) return at;
    else {
      process.stderr.write(`backend: message of unknown type ${type}\n`);
      socket.destroy();
      return at;
    }
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  serve(socket);
});
server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : null);
});
process.on("disconnect", () => process.exit());
