import type { Readable } from "node:stream";
import { ByteReader } from "@nova-console/byte-stream";

/** Reads one exchange and hands the stream back, whatever comes of it. */
export async function withReader<T>(
  stream: Readable,
  signal: AbortSignal,
  read: (reader: ByteReader) => Promise<T>,
): Promise<T> {
  const reader = new ByteReader(stream, signal);
  try {
    return await read(reader);
  } finally {
    reader.release();
  }
}
