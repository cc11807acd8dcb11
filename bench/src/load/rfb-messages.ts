/** Bytes of a FramebufferUpdate with one Raw rectangle, before its pixels. RFC 6143 §7.6.1, §7.7.1. */
const UPDATE_HEAD_BYTES = 16;

const BYTES_PER_PIXEL = 4;
const BANNER_TEXT = "RFB 003.008\n";
const NAME = "bench";

/** ProtocolVersion, of either side. RFC 6143 §7.1.1. */
export const BANNER = Buffer.from(BANNER_TEXT);
/** Security types: None alone. RFC 6143 §7.1.2. */
export const SECURITY_TYPES = Buffer.of(1, 1);
/** The viewer's choice of None. */
export const SECURITY_CHOICE = Buffer.of(1);
/** SecurityResult: OK. RFC 6143 §7.1.3. */
export const SECURITY_RESULT = Buffer.alloc(4);
/** ClientInit: shared. RFC 6143 §7.3.1. */
export const CLIENT_INIT = Buffer.of(1);
/** ServerInit: 1024 x 768 in 32-bit pixels. RFC 6143 §7.3.2. */
export const SERVER_INIT = serverInit();

/** Bytes of a FramebufferUpdateRequest. RFC 6143 §7.5.3. */
export const REQUEST_BYTES = 10;
export const REQUEST_TYPE = 3;
/** Bytes of a KeyEvent. RFC 6143 §7.5.4. */
export const KEY_BYTES = 8;
export const KEY_TYPE = 4;
/** Bytes of {@link keyEcho}. */
export const ECHO_BYTES = UPDATE_HEAD_BYTES + BYTES_PER_PIXEL;

/**
 * Asks for a square that takes `pixelBytes` as Raw.
 *
 * @param pixelBytes - four times a square number: 256, 4096, 65536
 */
export function updateRequest(pixelBytes: number): Buffer {
  const side = sideOf(pixelBytes);
  const message = Buffer.alloc(REQUEST_BYTES);
  message.writeUInt8(REQUEST_TYPE, 0);
  message.writeUInt16BE(side, 6);
  message.writeUInt16BE(side, 8);
  return message;
}

/** What the server answers to {@link updateRequest}; every byte of it is known to the viewer. */
export function update(pixelBytes: number): Buffer {
  const side = sideOf(pixelBytes);
  const message = Buffer.alloc(UPDATE_HEAD_BYTES + pixelBytes);
  message.writeUInt16BE(1, 2);
  message.writeUInt16BE(side, 8);
  message.writeUInt16BE(side, 10);
  for (let index = 0; index < pixelBytes; index++) {
    // Not periodic in powers of two: a piece that is lost or twice there shows.
    message.writeUInt8((index * 31 + (index >> 8) * 17 + 7) & 0xff, UPDATE_HEAD_BYTES + index);
  }
  return message;
}

/** Presses a key. */
export function keyEvent(key: number): Buffer {
  const message = Buffer.alloc(KEY_BYTES);
  message.writeUInt8(KEY_TYPE, 0);
  message.writeUInt8(1, 1);
  message.writeUInt32BE(key, 4);
  return message;
}

/** What the server answers to a {@link keyEvent}: one pixel, which holds the key. */
export function keyEcho(key: number): Buffer {
  const message = update(BYTES_PER_PIXEL);
  message.writeUInt32BE(key, UPDATE_HEAD_BYTES);
  return message;
}

function sideOf(pixelBytes: number): number {
  const side = Math.sqrt(pixelBytes / BYTES_PER_PIXEL);
  if (!Number.isInteger(side)) throw new RangeError(`${pixelBytes} bytes make no square`);
  return side;
}

function serverInit(): Buffer {
  const message = Buffer.alloc(24 + NAME.length);
  message.writeUInt16BE(1024, 0);
  message.writeUInt16BE(768, 2);
  // PIXEL_FORMAT: 32 bits, depth 24, true colour, 255 of each at 16, 8 and 0.
  Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]).copy(message, 4);
  message.writeUInt32BE(NAME.length, 20);
  message.write(NAME, 24);
  return message;
}
