import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { borrow, type BorrowingDestination, writeBorrowed } from "@nova-console/byte-stream";

/** Node reads a socket in pieces of at most this size. */
const MAX_CHUNK_BYTES = 65_536;

/** What a chunk that waits costs beside its bytes: a peer may send them one byte at a time. */
const CHUNK_COST_BYTES = 256;

/**
 * One direction of a relay: what comes out of `source` goes into `destination`, and the end of the
 * one is the end of the other.
 *
 * The source is paused while the destination has no room, so that what one direction holds is
 * bounded by `bufferLimitBytes`, however slow the reader at the far end.
 */
export class Pump {
  readonly #source: Duplex;
  readonly #destination: Duplex;
  readonly #pauseAtBytes: number;
  #transferredBytes = 0;
  /** Chunks written since the destination last had room. */
  #waitingChunks = 0;
  #ended = false;

  /** @param bufferLimitBytes - most bytes to hold in the destination's queue */
  constructor(source: Duplex, destination: Duplex, bufferLimitBytes: number) {
    this.#source = source;
    this.#destination = destination;
    // The chunk that reaches the mark is held as well.
    this.#pauseAtBytes = Math.max(1, bufferLimitBytes - MAX_CHUNK_BYTES);
  }

  /** Bytes taken from the source so far. */
  get transferredBytes(): number {
    return this.#transferredBytes;
  }

  /** Whether the source has ended, and the destination was told. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * @param onBytes - called for each chunk; must be cheap
   * @param onEnd - called once, when the source has ended
   */
  start(onBytes: () => void, onEnd: () => void): void {
    const source = this.#source;
    const destination = this.#destination;
    destination.on("drain", () => {
      this.#waitingChunks = 0;
      source.resume();
    });
    source.on("end", () => {
      this.#ended = true;
      destination.end();
      onEnd();
    });
    const onChunk = (chunk: Buffer, into: ChunkWriter): void => {
      this.#transferredBytes += chunk.length;
      onBytes();
      // Below its own mark a stream emits no "drain": pausing then would be for ever.
      if (into.write(chunk)) return;
      this.#waitingChunks += 1;
      const held = into.queuedBytes() + this.#waitingChunks * CHUNK_COST_BYTES;
      if (held >= this.#pauseAtBytes) source.pause();
    };
    const lent = lentWriterOf(destination);
    const lends =
      lent !== null &&
      borrow(source, (chunk) => {
        onChunk(chunk, lent);
      });
    if (lends) {
      source.resume();
      return;
    }
    const kept: ChunkWriter = {
      write: (chunk) => writeWithTick(destination, chunk),
      queuedBytes: () => destination.writableLength,
    };
    source.on("data", (chunk: Buffer) => {
      onChunk(chunk, kept);
    });
  }
}

/** A way to write chunks to a destination. */
interface ChunkWriter {
  /** @returns as `write` of a stream */
  readonly write: (chunk: Buffer) => boolean;
  /** What was written and is still held. */
  readonly queuedBytes: () => number;
}

/**
 * Writes in one piece what comes in one turn: several small messages of a viewer cost one system call.
 *
 * @returns as `write`
 */
function writeWithTick(destination: Duplex, chunk: Buffer): boolean {
  if (destination.writableCorked === 0) {
    destination.cork();
    queueMicrotask(() => {
      destination.uncork();
    });
  }
  return destination.write(chunk);
}

/** How lent bytes are written to a destination; null if it has no way for it. */
function lentWriterOf(destination: Duplex): ChunkWriter | null {
  if (isBorrowing(destination)) {
    return {
      write: (chunk) => destination.writeBorrowed(chunk),
      queuedBytes: () => destination.queuedBytes,
    };
  }
  if (destination instanceof Socket) {
    return {
      write: (chunk) => writeBorrowed(destination, chunk, null),
      queuedBytes: () => destination.writableLength,
    };
  }
  return null;
}

function isBorrowing(destination: object): destination is BorrowingDestination {
  return "writeBorrowed" in destination;
}
