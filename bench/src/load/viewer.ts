import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { BANNER, CLIENT_INIT, SECURITY_CHOICE, SERVER_INIT } from "./rfb-messages.ts";
import { requestOf, type Target } from "./target.ts";
import { FrameReader, maskedFrame } from "./web-socket-frames.ts";

const OPEN_LIMIT_MS = 60_000;
const MAX_HEAD_BYTES = 4096;

/** One for all sockets: what is read is used up before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** What the server sends in the handshake, by length, and what the viewer answers. */
const STEPS = [
  { expected: BANNER.length, answer: BANNER },
  { expected: 2, answer: SECURITY_CHOICE },
  { expected: 4, answer: CLIENT_INIT },
  { expected: SERVER_INIT.length, answer: null },
];

/** A console that was opened up to ServerInit, on a bare socket with framing of our own. */
export class Viewer {
  /** Takes what the server sends; `bytes` are valid during the call only. */
  sink: (bytes: Buffer, start: number, end: number) => void = unexpected;
  /** Hears of the end, if it was not `close` that ended it. */
  onLost: (error: Error) => void = () => undefined;
  readonly #target: Target;
  readonly #socket: Socket;
  readonly #frames: FrameReader | null;
  readonly #opened: (error: Error | null) => void;
  #head = "";
  #step = -1;
  #rest = Buffer.alloc(0);
  #closed = false;

  private constructor(target: Target, token: string, opened: (error: Error | null) => void) {
    this.#target = target;
    this.#opened = opened;
    this.#frames =
      target.protocol === "websocket"
        ? new FrameReader({
            payload: (bytes, start, end) => {
              this.#takeRfb(bytes, start, end);
            },
            answer: (frame) => this.#socket.write(frame),
          })
        : null;
    const request = requestOf(target, token);
    if (request === "") this.#step = 0;
    this.#socket = this.#connect();
    if (request !== "") this.#socket.write(request);
    this.#socket.setNoDelay(true);
    this.#socket.on("error", (error) => {
      this.#lose(error);
    });
    this.#socket.on("close", () => {
      this.#lose(new Error("the connection was closed"));
    });
  }

  /** Opens the console that `token` stands for. @throws Error if that takes more than a minute */
  static async open(target: Target, token: string): Promise<Viewer> {
    const { promise, resolve, reject } = Promise.withResolvers<null>();
    const viewer = new Viewer(target, token, (error) => {
      if (error === null) resolve(null);
      else reject(error);
    });
    const timer = setTimeout(() => {
      viewer.#lose(new Error(`no ServerInit within ${OPEN_LIMIT_MS} ms`));
    }, OPEN_LIMIT_MS);
    try {
      await promise;
      return viewer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A message as it goes over this viewer's wire: can be made once and sent often. */
  encode(message: Buffer): Buffer {
    return this.#frames === null ? message : maskedFrame(message);
  }

  /** Sends what {@link encode} made. */
  send(encoded: Buffer): void {
    this.#socket.write(encoded);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #connect(): Socket {
    const { host, port, tls } = this.#target;
    const callback = (length: number): boolean => {
      this.#take(length);
      return true;
    };
    const options = { host, port, onread: { buffer: readBuffer, callback } };
    // The certificate was made for this run, by ourselves.
    return tls ? connectTls({ ...options, rejectUnauthorized: false }) : connectTcp(options);
  }

  #take(length: number): void {
    try {
      const start = this.#step < 0 ? this.#takeHead(length) : 0;
      if (this.#frames !== null) this.#frames.take(readBuffer, start, length);
      else if (start < length) this.#takeRfb(readBuffer, start, length);
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @returns where the answer's head ends in what was read */
  #takeHead(length: number): number {
    const before = this.#head.length;
    this.#head += readBuffer.toString("latin1", 0, length);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#head.length > MAX_HEAD_BYTES) throw new Error("the answer's head has no end");
      return length;
    }
    const [first = ""] = this.#head.split("\r\n", 1);
    if (!/^HTTP\/1\.[01] (101|200) /.test(first)) throw new Error(`answered ${first}`);
    this.#step = 0;
    return end + 4 - before;
  }

  #takeRfb(bytes: Buffer, start: number, end: number): void {
    if (this.#step === STEPS.length) {
      this.sink(bytes, start, end);
      return;
    }
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(start, end)]);
    for (let step = STEPS[this.#step]; step !== undefined; step = STEPS[this.#step]) {
      if (this.#rest.length < step.expected) return;
      this.#rest = this.#rest.subarray(step.expected);
      this.#step++;
      if (step.answer !== null) this.send(this.encode(step.answer));
    }
    if (this.#rest.length > 0) throw new Error("more than ServerInit was sent");
    this.#opened(null);
  }

  #lose(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#opened(error);
    this.onLost(error);
  }
}

function unexpected(): void {
  throw new Error("the server sent what was not asked for");
}
