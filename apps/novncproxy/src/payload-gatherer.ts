/** Room for the messages of the longest read, whose frames are longer than their payload. */
const SLAB_BYTES = 65_536;

/** What messages are gathered in, one read after the other: it is empty again when a read is done. */
const slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
/** Empties the slab for the gatherer that fills it. */
let flushSlab: (() => void) | null = null;

/**
 * Joins the short messages of one read into one piece. A buffer for each message would cost some hundred
 * bytes that no limit counts, and a message as it comes is a view of the whole read, which it keeps alive.
 */
export class PayloadGatherer {
  readonly #give: (piece: Buffer) => void;
  #gatheredBytes = 0;

  /** @param give - gets each piece, of at most 64 KiB: lent, overwritten as soon as it returns */
  constructor(give: (piece: Buffer) => void) {
    this.#give = give;
  }

  add(message: Buffer): void {
    if (flushSlab !== this.flush) flushSlab?.();
    if (this.#gatheredBytes + message.length > SLAB_BYTES) this.flush();
    if (message.length >= SLAB_BYTES / 2) {
      this.flush();
      for (let at = 0; at < message.length; at += SLAB_BYTES) {
        this.#give(message.subarray(at, at + SLAB_BYTES));
      }
      return;
    }
    flushSlab = this.flush;
    slab.set(message, this.#gatheredBytes);
    this.#gatheredBytes += message.length;
  }

  /** Gives what was gathered; to be called when a read is done. */
  readonly flush = (): void => {
    if (this.#gatheredBytes === 0) return;
    const piece = slab.subarray(0, this.#gatheredBytes);
    this.#gatheredBytes = 0;
    flushSlab = null;
    this.#give(piece);
  };
}
