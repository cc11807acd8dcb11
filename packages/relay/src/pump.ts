import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { borrow, type BorrowingDestination, writeBorrowed } from "@nova-console/byte-stream";
import { startProbing, stopProbing } from "./stalled-sources.ts";

/** The side that bytes, or an end, come from. */
export type Side = "viewer" | "backend";

/** Node reads a socket in pieces of at most this size. */
const MAX_CHUNK_BYTES = 65_536;

/**
 * Most reads of the largest size in one turn of the event loop. Node would make up to 32 of them, and
 * all other sessions would wait: with TLS for many milliseconds.
 */
const MAX_FULL_READS = 8;

/** Most bytes that wait for the destination before the source is paused. */
const MAX_WAITING_BYTES = 65_536;

/**
 * Most writes that wait for the destination, however short: each holds a few hundred bytes beside its
 * own, which {@link MAX_WAITING_BYTES} does not count.
 */
const MAX_WAITING_WRITES = 64;

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
 * The source is paused while more waits for the destination than one read brings, so that one direction
 * holds little more than that, however slow the reader at the far end; and for a turn when it has
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
  /** Whether the source waits for the destination. */
  #isFull = false;
  /** Writes since the destination had taken all. */
  #waitingWrites = 0;
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
    if (!this.#lends) source.on("data", take);
    else if (!this.#isFull) source.resume();
  }

  /** Takes nothing more from the source. */
  stop(): void {
    this.#stopped = true;
    stopProbing(this.#source);
    this.#source.pause();
  }

  /** Hands over what a source that is gone had sent and nobody has read, whether or not there is room. */
  takeRest(): void {
    if (this.#destination.writableEnded) return;
    for (;;) {
      const chunk = this.#source.read() as Buffer | null;
      if (chunk === null) return;
      this.#transferredBytes += chunk.length;
      this.#destination.write(chunk);
    }
  }

  readonly #onTaken = (): void => {
    if (!this.#isFull) return;
    this.#isFull = false;
    stopProbing(this.#source);
    this.#resume();
  };

  #carry(chunk: Buffer): void {
    if (this.#stopped) return;
    this.#transferredBytes += chunk.length;
    this.#owner.onBytes(this.#from);
    const waitingBytes = this.#waitingBytes;
    if (waitingBytes === 0) this.#waitingWrites = 0;
    const isLastToWait =
      ++this.#waitingWrites >= MAX_WAITING_WRITES ||
      waitingBytes + chunk.length >= MAX_WAITING_BYTES;
    this.#write(chunk, isLastToWait ? this.#onTaken : undefined);
    if (isLastToWait && this.#waitingBytes > 0) {
      this.#isFull = true;
      this.#source.pause();
      startProbing(this.#source);
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

  /** Bytes that the destination has not taken yet. */
  get #waitingBytes(): number {
    return this.#lends && this.#framing !== null
      ? this.#framing.waitingBytes
      : this.#destination.writableLength;
  }

  /** @param taken - called when this write, and all before it, are done */
  #write(chunk: Buffer, taken?: () => void): void {
    const destination = this.#destination;
    if (!this.#lends) {
      if (this.#comesInPieces) corkForThisTurn(destination);
      destination.write(chunk, taken);
    } else if (this.#framing === null) writeBorrowed(destination, chunk, null, taken);
    else this.#framing.writeBorrowed(chunk, taken);
  }
}

/** Joins the writes of one turn: several small records of a viewer cost one system call. */
function corkForThisTurn(destination: Duplex): void {
  if (destination.writableCorked > 0) return;
  destination.cork();
  queueMicrotask(() => {
    destination.uncork();
  });
}

/** Whether one read may bring several chunks, as the records of TLS in it; TCP's is one. */
function comesInPieces(source: Duplex): boolean {
  return !(source instanceof Socket) || source instanceof TLSSocket;
}

function isBorrowing(destination: object): destination is BorrowingDestination {
  return "writeBorrowed" in destination;
}
