import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import {
  type Borrower,
  type BorrowingDestination,
  type Lender,
  writeBorrowed,
} from "@nova-console/byte-stream";
import { closeReasons, ViewerMisbehavedError } from "@nova-console/session";
import { WebSocket } from "ws";
import { binaryFrame, putBinaryFrameHeader } from "./binary-frame-header.ts";
import { PayloadGatherer } from "./payload-gatherer.ts";
import { ShortFrameReader } from "./short-frame-reader.ts";
import { CLOSED_BY_VIEWER, type ViewerWebSocket } from "./viewer-web-socket.ts";

const POLICY_CLOSE = { binaryOnly: 1003, ...closeReasons["backend-closed"] };

/** Most bytes that wait for the reader before the WebSocket is paused: whatever one read brought. */
const READ_AHEAD_BYTES = 1;

/**
 * The bytes of a WebSocket: what the viewer's binary frames hold, and a binary frame for each write.
 *
 * From the viewer it holds no more than one read of the socket brought, or one long message: the socket
 * is paused while nobody reads. A write is done when the socket has taken it.
 *
 * A WebSocket is not half-closed. The viewer's close frame, its end of the connection, or the loss of it
 * destroys the stream, although what was received can still be read. Ending the stream closes the
 * WebSocket with nova's 1000 `Target closed`. Destroying it does not: closing with a reason is its
 * owner's, who has the WebSocket. A text frame, or a malformed one, destroys it with
 * {@link ViewerMisbehavedError}, and the WebSocket is closed with 1003, 1002, 1007 or 1009.
 */
export class WebSocketStream extends Duplex implements BorrowingDestination, Lender {
  readonly #webSocket: ViewerWebSocket;
  readonly #socket: Socket;
  readonly #gatherer: PayloadGatherer;
  #borrower: Borrower | null = null;
  /** Whether frames of the viewer may still come. */
  #isReading = true;

  /**
   * @param webSocket - open, in the tick it was made
   * @param socket - the one under it
   */
  constructor(webSocket: ViewerWebSocket, socket: Socket) {
    super({ readableHighWaterMark: READ_AHEAD_BYTES });
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#gatherer = new PayloadGatherer((piece) => {
      if (this.#borrower !== null) this.#borrower(piece);
      else if (!this.push(Buffer.from(piece))) webSocket.pause();
    });
    webSocket.on("message", (data, isBinary) => {
      this.#onMessage(data, isBinary);
    });
    webSocket.on("error", (error) => {
      this.#onMisbehaviour(error.message, error);
    });
    webSocket.on(CLOSED_BY_VIEWER, () => {
      this.#isReading = false;
      // What is wrong with a malformed frame is told after this.
      process.nextTick(this.#onGone);
    });
    webSocket.once("close", this.#onGone);
    socket.once("end", this.#onGone);
    // `ws` ends the socket when the close frames are exchanged; some viewers never end their side.
    socket.once("finish", this.#onGone);
    this.#readShortFrames();
  }

  /** From now on `pause` and `resume` are the WebSocket's. */
  lendTo(borrower: Borrower): void {
    this.#borrower = borrower;
  }

  override pause(): this {
    // Once destroyed it is read to its end, so that the end is seen.
    if (this.#borrower !== null && !this.destroyed) this.#webSocket.pause();
    return super.pause();
  }

  override resume(): this {
    if (this.#borrower !== null && !this.destroyed) this.#webSocket.resume();
    return super.resume();
  }

  get waitingBytes(): number {
    return this.writableLength + this.#socket.writableLength;
  }

  /**
   * Writes a frame past this stream's own queue: header and payload in one piece, from bytes that need
   * not be kept.
   */
  writeBorrowed(chunk: Buffer, taken?: () => void): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    // What was written the ordinary way goes first.
    if (this.writableLength > 0) this.write(Buffer.from(chunk), taken);
    else writeBorrowed(this.#socket, chunk, putBinaryFrameHeader, taken);
  }

  override _read(): void {
    if (this.#webSocket.isPaused) this.#webSocket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  override _writev(
    writes: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    const chunks = writes.map(({ chunk }) => chunk).filter(({ length }) => length > 0);
    const last = chunks.pop();
    this.#socket.cork();
    for (const chunk of chunks) this.#send(chunk, ignore);
    // Sent in order: when the last one is out, all are.
    this.#send(last ?? Buffer.alloc(0), done);
    this.#socket.uncork();
  }

  override _final(done: () => void): void {
    this.#webSocket.closeWith(POLICY_CLOSE.webSocketCode, POLICY_CLOSE.words);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // A paused WebSocket would not see the viewer's close frame.
    this.#webSocket.resume();
    done(error);
  }

  /**
   * In one piece, which the sender of `ws` would make two of. The sender writes whole frames as well,
   * each at once, so that they cannot mix: there is no compression for which it would wait.
   */
  #send(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) {
      done(chunk.length === 0 ? null : goneError());
    } else this.#socket.write(chunk.length === 0 ? chunk : binaryFrame(chunk), done);
  }

  /** Stands between the socket and `ws`, which gets everything but short binary frames. */
  #readShortFrames(): void {
    const socket = this.#socket;
    const [readByWs] = socket.listeners("data") as ((bytes: Buffer) => void)[];
    if (readByWs === undefined) throw new Error("ws does not read the socket");
    socket.off("data", readByWs);
    const frames = new ShortFrameReader({
      payload: (payload) => {
        if (!this.destroyed) this.#gatherer.add(payload);
      },
      others: (bytes) => {
        readByWs.call(socket, bytes);
      },
    });
    const read = (bytes: Buffer): void => {
      if (!this.#isReading) return;
      frames.read(bytes);
      this.#gatherer.flush();
    };
    socket.on("data", read);
    // What a paused socket still holds `ws` would read by itself, from the middle of a frame.
    socket.prependOnceListener("close", () => {
      const rest: unknown = socket.read();
      if (Buffer.isBuffer(rest)) read(rest);
    });
  }

  #onMessage(data: unknown, isBinary: boolean): void {
    if (this.destroyed || !Buffer.isBuffer(data)) return;
    if (!isBinary) {
      this.#webSocket.closeWith(POLICY_CLOSE.binaryOnly, "Text frames are not supported");
      this.#onMisbehaviour("sent a text frame");
    } else if (data.length > 0) this.#gatherer.add(data);
  }

  #onMisbehaviour(what: string, cause?: Error): void {
    this.#gatherer.flush();
    this.destroy(new ViewerMisbehavedError(`viewer WebSocket: ${what}`, { cause }));
  }

  readonly #onGone = (): void => {
    this.#gatherer.flush();
    this.destroy();
  };
}

/** As a socket's own error when it is written to after its peer has left. */
function goneError(): Error {
  return Object.assign(new Error("viewer WebSocket: is closed"), { code: "EPIPE" });
}

function ignore(): void {
  // The last write of the batch tells.
}
