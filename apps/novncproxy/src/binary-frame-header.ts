/** Longest header. */
const MAX_HEADER_BYTES = 10;

/** FIN, opcode binary; no extension is ever agreed on. @see RFC 6455 §5.2 */
const FINAL_BINARY = 0x82;

const LENGTH_IN_U16 = 126;
const LENGTH_IN_U64 = 127;

/**
 * Puts the header of a binary frame of a server, which is not masked, in front of its payload.
 *
 * ```
 * U8 0x82, U8 length                         up to 125 bytes
 * U8 0x82, U8 126, U16 length                up to 65535
 * U8 0x82, U8 127, U64 length
 * ```
 *
 * @param buffer - has room for 10 bytes before `start`
 * @param start - where the payload starts
 * @param byteCount - the payload's length
 * @returns where the header starts
 * @see RFC 6455 §5.2
 */
export function putBinaryFrameHeader(buffer: Buffer, start: number, byteCount: number): number {
  if (byteCount < LENGTH_IN_U16) {
    buffer[start - 2] = FINAL_BINARY;
    buffer[start - 1] = byteCount;
    return start - 2;
  }
  if (byteCount <= 0xffff) {
    buffer[start - 4] = FINAL_BINARY;
    buffer[start - 3] = LENGTH_IN_U16;
    buffer.writeUInt16BE(byteCount, start - 2);
    return start - 4;
  }
  buffer[start - 10] = FINAL_BINARY;
  buffer[start - 9] = LENGTH_IN_U64;
  buffer.writeUInt32BE(Math.floor(byteCount / 2 ** 32), start - 8);
  buffer.writeUInt32BE(byteCount >>> 0, start - 4);
  return start - 10;
}

/** A binary frame of a server around a copy of its payload. */
export function binaryFrame(payload: Buffer): Buffer {
  const buffer = Buffer.allocUnsafe(MAX_HEADER_BYTES + payload.length);
  payload.copy(buffer, MAX_HEADER_BYTES);
  return buffer.subarray(putBinaryFrameHeader(buffer, MAX_HEADER_BYTES, payload.length));
}
