/**
 * What tests of readers need: bytes as text, and every way a network may deliver them.
 *
 * @packageDocumentation
 */
import { finished } from "node:stream/promises";
import { Readable } from "node:stream";
import { ByteReader } from "./byte-reader.ts";

/** Bytes from hexadecimal digits; white space marks fields and does not count. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replace(/\s+/g, ""), "hex");
}

/** `bytes` as the network may deliver it: whole, byte by byte, and cut in two at every offset. */
export function* chunkings(bytes: Buffer): Generator<[label: string, chunks: Buffer[]]> {
  yield ["in one chunk", [bytes]];
  yield ["byte by byte", Array.from(bytes, (byte) => Buffer.of(byte))];
  for (let cut = 1; cut < bytes.length; cut++) {
    yield [`cut at offset ${cut}`, [bytes.subarray(0, cut), bytes.subarray(cut)]];
  }
}

/** A stream that delivers `chunks`, each in a turn of its own, and ends. */
export function streamOf(chunks: readonly Buffer[]): Readable {
  return Readable.from(chunks, { objectMode: false });
}

/** A reader of {@link streamOf} without a deadline. */
export function readerOf(chunks: readonly Buffer[]): ByteReader {
  return new ByteReader(streamOf(chunks), new AbortController().signal);
}

/**
 * Reads a stream to its end and leaves it open: what it writes goes on. `node:stream/consumers` and `for await`
 * destroy a stream whose end they have read, in some releases of Node.
 *
 * @throws the stream's error, also if it is closed before its end
 */
export async function readToEnd(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await finished(stream, { writable: false });
  return Buffer.concat(chunks);
}
