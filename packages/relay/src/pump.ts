import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { borrow, type BorrowingDestination, writeBorrowed } from "@nova-console/byte-stream";

/** The side that bytes, or an end, come from. */
export type Side = "viewer" | "backend";

/** Node reads a socket in pieces of at most this size. */
const MAX_CHUNK_BYTES = 65_536;

/**
 * Most reads of the largest size in one turn of the event loop. Node would make up to 32 of them, and
 * all other sessions would wait: with TLS for many milliseconds.
 */
const MAX_FULL_READS = 8;

/** Who hears what a pump does. */
export interface PumpOwner {
  /** Called for each chunk; must be cheap. */
  onBytes(from: Side): void;
  /** Called once, when the source has ended and the destination was told. */
  onEnd(from: Side): void;
}

/** What a pump joins. */
export interface PumpEnds {
  /** What `source` is of the two. */
  readonly from: Side;
  readonly source: Duplex;
  readonly destination: Duplex;
}

/**
 * One direction of a relay: what comes out of `source` goes into `destination`, and the end of the
 * one is the end of the other.
 *
 * The source is paused as soon as the destination is above its high-water mark, so that one direction
 * holds little more than one read, however slow the reader at the far end; and for a turn when it has
 * brought much, so that a session that draws a lot delays no other's key press.
 */
export class Pump {
  readonly #owner: PumpOwner;
  readonly #from: Side;
  readonly #source: Duplex;
  readonly #destination: Duplex;
  #transferredBytes = 0;
  /** Reads of the largest size, one after the other. */
  #fullReads = 0;
  /** Whether the source waits for the destination's "drain". */
  #isFull = false;
  readonly #comesInPieces: boolean;
  /** Null for a destination that takes bytes as they are. */
  readonly #framing: BorrowingDestination | null;
  /** Whether the source lends its bytes. */
  #lends = false;
  #ended = false;
  #stopped = false;

  constructor(ends: PumpEnds, owner: PumpOwner) {
    this.#owner = owner;
    this.#from = ends.from;
    this.#source = ends.source;
    this.#destination = ends.destination;
    this.#comesInPieces = comesInPieces(ends.source);
    this.#framing = isBorrowing(ends.destination) ? ends.destination : null;
  }

  /** Bytes taken from the source so far. */
  get transferredBytes(): number {
    return this.#transferredBytes;
  }

  /** Whether the source has ended, and the destination was told. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Lets the bytes flow. */
  start(): void {
    const source = this.#source;
    const destination = this.#destination;
    destination.on("drain", () => {
      this.#isFull = false;
      this.#resume();
    });
    source.on("end", () => {
      this.#ended = true;
      destination.end();
      this.#owner.onEnd(this.#from);
    });
    const canLend = this.#framing !== null || destination instanceof Socket;
    const take = (chunk: Buffer): void => {
      this.#carry(chunk);
    };
    this.#lends = canLend && borrow(source, take);
    if (this.#lends) source.resume();
    else source.on("data", take);
  }

  /** Takes nothing more from the source. */
  stop(): void {
    this.#stopped = true;
    this.#source.pause();
  }

  #carry(chunk: Buffer): void {
    this.#transferredBytes += chunk.length;
    this.#owner.onBytes(this.#from);
    if (!this.#write(chunk)) {
      this.#isFull = true;
      this.#source.pause();
    }
    if (chunk.length < MAX_CHUNK_BYTES) this.#fullReads = 0;
    else if (++this.#fullReads === MAX_FULL_READS) this.#restForATurn();
  }

  #restForATurn(): void {
    this.#fullReads = 0;
    this.#source.pause();
    setImmediate(() => {
      if (!this.#isFull) this.#resume();
    });
  }

  #resume(): void {
    if (!this.#stopped) this.#source.resume();
  }

  /** @returns as `write` of a stream */
  #write(chunk: Buffer): boolean {
    if (this.#lends) {
      return this.#framing?.writeBorrowed(chunk) ?? writeBorrowed(this.#destination, chunk, null);
    }
    return this.#comesInPieces
      ? writeWithTick(this.#destination, chunk)
      : this.#destination.write(chunk);
  }
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

/** Whether one read may bring several chunks, as the frames or records in it; TCP's is one. */
function comesInPieces(source: Duplex): boolean {
  return !(source instanceof Socket) || source instanceof TLSSocket;
}

function isBorrowing(destination: object): destination is BorrowingDestination {
  return "writeBorrowed" in destination;
}
