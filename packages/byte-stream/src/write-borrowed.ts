import type { Writable } from "node:stream";

/** Room for the longest header in front of a chunk. */
const HEADER_ROOM_BYTES = 16;

/** As much as one read brings. */
const LARGEST_CHUNK_BYTES = 65_536;

/**
 * Puts a header in front of what is written.
 *
 * @param buffer - has room before `start`
 * @param start - where the payload starts
 * @param byteCount - the payload's length
 * @returns where the header starts
 */
export type PutHeader = (buffer: Buffer, start: number, byteCount: number) => number;

/** A destination that frames what it is given, and can do so from lent bytes. */
export interface BorrowingDestination {
  /** Bytes that were written and not taken yet. */
  readonly waitingBytes: number;
  /**
   * @param chunk - lent, at most 64 KiB
   * @param taken - called when this write, and all before it, are done; not if the peer has left
   */
  writeBorrowed(chunk: Buffer, taken?: () => void): void;
}

/** What is smaller than this and has to wait gets a buffer of its size, as it might wait for long. */
const SMALLEST_RECYCLED_BYTES = LARGEST_CHUNK_BYTES / 2;

/** Most buffers that are kept for writes to come. */
const MAX_SPARES = 32;

/**
 * Buffers for a header and the largest chunk, whose writes are done: a new one for each write that waits
 * would cost more than the write, in page faults and in collections of garbage.
 */
const spares: Buffer[] = [];

/**
 * Writes bytes that are lent, with a header in front of them, as one piece: one system call, and as a
 * rule no allocation.
 *
 * @param chunk - at most 64 KiB; copied
 * @param taken - called when this write, and all before it, are done or have failed
 */
export function writeBorrowed(
  destination: Writable,
  chunk: Buffer,
  putHeader: PutHeader | null,
  taken?: () => void,
): void {
  // TLS tells only later that it has taken a write.
  const waits = destination.writableLength > 0 || "encrypted" in destination;
  if (waits && chunk.length < SMALLEST_RECYCLED_BYTES) {
    const own = Buffer.allocUnsafe(HEADER_ROOM_BYTES + chunk.length);
    destination.write(pieceOf(own, chunk, putHeader), taken);
    return;
  }
  const buffer = spares.pop() ?? Buffer.allocUnsafeSlow(HEADER_ROOM_BYTES + LARGEST_CHUNK_BYTES);
  const piece = pieceOf(buffer, chunk, putHeader);
  if (waits) {
    destination.write(piece, (error) => {
      // What was under way when a connection broke may still be looked at.
      if (error == null) recycle(buffer);
      taken?.();
    });
    return;
  }
  destination.write(piece, taken);
  // Else the kernel did not take it at once, and the destination keeps it.
  if (destination.writableLength === 0) recycle(buffer);
}

function pieceOf(buffer: Buffer, chunk: Buffer, putHeader: PutHeader | null): Buffer {
  buffer.set(chunk, HEADER_ROOM_BYTES);
  const start = putHeader?.(buffer, HEADER_ROOM_BYTES, chunk.length) ?? HEADER_ROOM_BYTES;
  return buffer.subarray(start, HEADER_ROOM_BYTES + chunk.length);
}

function recycle(buffer: Buffer): void {
  if (spares.length < MAX_SPARES) spares.push(buffer);
}
