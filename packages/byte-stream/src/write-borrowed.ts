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
  /** @param chunk - lent, at most 64 KiB. @returns as `write`; "drain" follows a false */
  writeBorrowed(chunk: Buffer): boolean;
  /** What was written and is still held. */
  readonly queuedBytes: number;
}

/** Serves every write that the kernel takes at once: all but those to a peer that is behind. */
let spare = Buffer.allocUnsafeSlow(HEADER_ROOM_BYTES + LARGEST_CHUNK_BYTES);

/**
 * Writes bytes that are lent, with a header in front of them, as one piece: one system call, and as a
 * rule no allocation.
 *
 * @param chunk - at most 64 KiB; copied
 * @returns as `write`
 */
export function writeBorrowed(
  destination: Writable,
  chunk: Buffer,
  putHeader: PutHeader | null,
): boolean {
  // A write that has to wait keeps its buffer: of the right size when that is to be expected.
  const waits = destination.writableLength > 0 || "encrypted" in destination;
  const buffer = waits ? Buffer.allocUnsafe(HEADER_ROOM_BYTES + chunk.length) : spare;
  chunk.copy(buffer, HEADER_ROOM_BYTES);
  const start = putHeader?.(buffer, HEADER_ROOM_BYTES, chunk.length) ?? HEADER_ROOM_BYTES;
  const belowMark = destination.write(buffer.subarray(start, HEADER_ROOM_BYTES + chunk.length));
  if (buffer === spare && destination.writableLength > 0) {
    spare = Buffer.allocUnsafeSlow(HEADER_ROOM_BYTES + LARGEST_CHUNK_BYTES);
  }
  return belowMark;
}
