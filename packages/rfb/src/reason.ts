import type { ByteReader } from "@nova-console/byte-stream";
import { printable } from "./printable.ts";

/** Longest reason that is read; nova stops at the same (nova/console/securityproxy/rfb.py). */
const MAX_REASON_BYTES = 256;

/**
 * Encodes a reason string.
 *
 * ```
 * U32 length, length x U8 text
 * ```
 *
 * @see RFC 6143 §7.1.2
 */
export function encodeReason(reason: string): Buffer {
  const text = Buffer.from(reason, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/**
 * Reads the reason that a server gives for refusing.
 *
 * @returns one printable line; of a reason longer than 256 bytes only its length is told, and the
 *   rest of the stream is then of no use to anyone
 */
export async function readReason(reader: ByteReader): Promise<string> {
  const length = await reader.readU32();
  if (length > MAX_REASON_BYTES) return `a reason of ${length} bytes, which is not read`;
  return printable(await reader.readExact(length));
}
