import type { Readable } from "node:stream";
import { MessageTooLongError, UnexpectedEofError } from "./errors.ts";

const WAKE_UPS = ["readable", "end", "close", "error"] as const;

/**
 * Reads exact byte counts from a stream whose next length is always known.
 *
 * Bytes that were not asked for stay in the stream: after {@link release} it can be read by
 * another reader, or piped, as if it had never been read from. One reader per stream at a time,
 * one read at a time, one deadline (`signal`) for all of them.
 */
export class ByteReader {
  readonly #stream: Readable;
  readonly #signal: AbortSignal;
  #resume = (): void => {
    // Nobody waits.
  };
  readonly #onWakeUp = (): void => {
    this.#resume();
  };
  #listening = false;

  /**
   * @param stream - paused, without a `data` listener, and not in object mode
   * @param signal - ends every wait with its reason
   */
  constructor(stream: Readable, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  /** Bytes received but not yet asked for. */
  get bufferedBytes(): number {
    return this.#stream.readableLength;
  }

  async readU8(): Promise<number> {
    return (await this.readExact(1)).readUInt8(0);
  }

  /** Network byte order, as everything in RFB. */
  async readU16(): Promise<number> {
    return (await this.readExact(2)).readUInt16BE(0);
  }

  /** Network byte order, as everything in RFB. */
  async readU32(): Promise<number> {
    return (await this.readExact(4)).readUInt32BE(0);
  }

  /**
   * @param byteCount - how many bytes to wait for; 0 resolves at once. Check it against a bound
   *   of your own before you ask: the reader believes it
   * @throws {@link UnexpectedEofError} if the stream ends first; the signal's reason or the
   *   stream's own error if one of those comes first
   */
  async readExact(byteCount: number): Promise<Buffer> {
    if (byteCount === 0) return Buffer.alloc(0);
    for (;;) {
      this.#signal.throwIfAborted();
      const bytes = this.#stream.read(byteCount) as Buffer | null;
      if (bytes?.length === byteCount) return bytes;
      // A Readable hands out fewer bytes than asked for only at its end.
      if (bytes !== null) throw new UnexpectedEofError(byteCount, bytes.length);
      if (!this.#stream.readable) {
        throw this.#stream.errored ?? new UnexpectedEofError(byteCount, 0);
      }
      await this.#nextWakeUp();
    }
  }

  /**
   * Reads up to and including `delimiter`.
   *
   * @param delimiter - never empty
   * @param maxBytes - most bytes to look at, the delimiter included
   * @throws {@link MessageTooLongError} if it is not among them; as {@link readExact} otherwise
   */
  async readUntil(delimiter: Buffer, maxBytes: number): Promise<Buffer> {
    let head = Buffer.alloc(0);
    for (;;) {
      this.#signal.throwIfAborted();
      const bytes = this.#stream.read() as Buffer | null;
      if (bytes !== null) {
        // The delimiter may have begun in what was there before.
        const searchFrom = Math.max(0, head.length - delimiter.length + 1);
        head = Buffer.concat([head, bytes]);
        const found = head.indexOf(delimiter, searchFrom);
        const end = found + delimiter.length;
        if (found >= 0 && end <= maxBytes) {
          if (head.length > end) this.#stream.unshift(head.subarray(end));
          return head.subarray(0, end);
        }
        if (found >= 0 || head.length >= maxBytes) throw new MessageTooLongError(maxBytes);
        continue;
      }
      if (!this.#stream.readable) {
        throw this.#stream.errored ?? new UnexpectedEofError(maxBytes, head.length);
      }
      await this.#nextWakeUp();
    }
  }

  /** Gives the stream back to its owner, unread bytes included. */
  release(): void {
    if (!this.#listening) return;
    this.#listening = false;
    for (const event of WAKE_UPS) this.#stream.off(event, this.#onWakeUp);
    this.#signal.removeEventListener("abort", this.#onWakeUp);
  }

  #nextWakeUp(): Promise<void> {
    this.#listen();
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /**
   * Once, not for each read: Node re-emits "readable" to every new listener while bytes are buffered,
   * and a loop of them would never yield. Not before a read has to wait: many need not.
   */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    for (const event of WAKE_UPS) this.#stream.on(event, this.#onWakeUp);
    this.#signal.addEventListener("abort", this.#onWakeUp);
  }
}
