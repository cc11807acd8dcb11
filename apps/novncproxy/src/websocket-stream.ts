import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type BorrowingDestination, writeBorrowed } from "@nova-console/byte-stream";
import { closeReasons, ViewerMisbehavedError } from "@nova-console/session";
import { WebSocket } from "ws";
import { binaryFrame, putBinaryFrameHeader } from "./binary-frame-header.ts";

const POLICY_CLOSE = { binaryOnly: 1003, ...closeReasons["backend-closed"] };

/**
 * The bytes of a WebSocket: what the viewer's binary frames hold, and a binary frame for each write.
 *
 * Both ways it holds no more than its high-water mark and what one read of the socket brought: the
 * viewer's socket is paused while nobody reads, and a write is done when the socket has taken it.
 *
 * The viewer's close frame, or the loss of its connection, is the end of stream. Ending the stream
 * closes the WebSocket with nova's 1000 `Target closed`. Destroying it does not: closing with a
 * reason is its owner's, who has the WebSocket. A text frame, or a malformed one, destroys it with
 * {@link ViewerMisbehavedError}, and the WebSocket is closed with 1003, 1002, 1007 or 1009.
 */
export class WebSocketStream extends Duplex implements BorrowingDestination {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  #ended = false;

  /**
   * @param webSocket - open, in the tick it was made
   * @param socket - the one under it
   */
  constructor(webSocket: WebSocket, socket: Socket) {
    super();
    this.#webSocket = webSocket;
    this.#socket = socket;
    webSocket.on("message", (data, isBinary) => {
      this.#onMessage(data, isBinary);
    });
    webSocket.on("error", (error) => {
      this.#onMisbehaviour(error.message, error);
    });
    // `ws` ends the socket when the close frames are exchanged, and only tells when the peer has ended
    // as well, which some never do.
    socket.once("finish", () => {
      this.#onEnd();
    });
    webSocket.once("close", () => {
      this.#onEnd();
    });
    socket.on("drain", () => {
      this.emit("drain");
    });
  }

  /**
   * Writes a frame past this stream's own queue: header and payload in one piece, from bytes that need
   * not be kept.
   */
  writeBorrowed(chunk: Buffer): boolean {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return true;
    // What was written the ordinary way goes first.
    if (this.writableLength > 0) return this.write(Buffer.from(chunk));
    return writeBorrowed(this.#socket, chunk, putBinaryFrameHeader);
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
    this.#webSocket.close(POLICY_CLOSE.webSocketCode, POLICY_CLOSE.words);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#ended = true;
    // A paused WebSocket would not see the viewer's close frame.
    this.#webSocket.resume();
    done(error);
  }

  /**
   * In one piece, which the sender of `ws` would make two of. The sender writes whole frames as well,
   * each at once, so that they cannot mix: there is no compression for which it would wait.
   */
  #send(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (chunk.length === 0) done();
    else if (this.#webSocket.readyState === WebSocket.OPEN) {
      this.#socket.write(binaryFrame(chunk), done);
    } else done(goneError());
  }

  #onMessage(data: unknown, isBinary: boolean): void {
    if (this.#ended || !Buffer.isBuffer(data)) return;
    if (!isBinary) {
      this.#webSocket.close(POLICY_CLOSE.binaryOnly, "Text frames are not supported");
      this.#onMisbehaviour("sent a text frame");
    } else if (data.length > 0 && !this.push(detached(data))) this.#webSocket.pause();
  }

  #onMisbehaviour(what: string, cause?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.destroy(new ViewerMisbehavedError(`viewer WebSocket: ${what}`, { cause }));
  }

  #onEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }
}

/**
 * A small message is a view of the whole read it came in, up to 64 KiB, which it would keep alive for
 * as long as it waits in a queue that counts its own bytes only.
 */
function detached(message: Buffer): Buffer {
  if (message.buffer.byteLength <= 2 * message.length) return message;
  // Not of the pool, of which it would keep a part alive just so.
  const copy = Buffer.allocUnsafeSlow(message.length);
  message.copy(copy);
  return copy;
}

/** As a socket's own error when it is written to after its peer has left. */
function goneError(): Error {
  return Object.assign(new Error("viewer WebSocket: is closed"), { code: "EPIPE" });
}

function ignore(): void {
  // The last write of the batch tells.
}
