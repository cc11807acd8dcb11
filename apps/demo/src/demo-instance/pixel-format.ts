import { ViewerMisbehavedError } from "./errors.ts";
import type { Colour } from "./framebuffer.ts";

/** How a viewer wants its pixels: RFC 6143 §7.4. */
export interface PixelFormat {
  readonly bitsPerPixel: 8 | 16 | 32;
  readonly depth: number;
  readonly isBigEndian: boolean;
  readonly redMax: number;
  readonly greenMax: number;
  readonly blueMax: number;
  readonly redShift: number;
  readonly greenShift: number;
  readonly blueShift: number;
}

/** Length of a pixel format on the wire. */
export const PIXEL_FORMAT_BYTES = 16;

/** What the demo offers in its ServerInit: 24 bits of colour in 32. */
export const nativeFormat: PixelFormat = {
  bitsPerPixel: 32,
  depth: 24,
  isBigEndian: false,
  redMax: 255,
  greenMax: 255,
  blueMax: 255,
  redShift: 16,
  greenShift: 8,
  blueShift: 0,
};

/**
 * Decodes a pixel format.
 *
 * ```
 * U8 bits-per-pixel, U8 depth, U8 big-endian-flag, U8 true-colour-flag,
 * U16 red-max, U16 green-max, U16 blue-max, U8 red-shift, U8 green-shift, U8 blue-shift, 3 unused
 * ```
 *
 * @param message - exactly {@link PIXEL_FORMAT_BYTES} bytes
 * @throws {@link ViewerMisbehavedError} if it is no true-colour format that can be
 * @see RFC 6143 §7.4
 */
export function decodePixelFormat(message: Buffer): PixelFormat {
  const bitsPerPixel = message.readUInt8(0);
  if (bitsPerPixel !== 8 && bitsPerPixel !== 16 && bitsPerPixel !== 32) {
    throw new ViewerMisbehavedError(`${bitsPerPixel} bits per pixel, must be 8, 16 or 32`);
  }
  if (message.readUInt8(3) === 0) throw new ViewerMisbehavedError("wants a colour map");
  const format: PixelFormat = {
    bitsPerPixel,
    depth: message.readUInt8(1),
    isBigEndian: message.readUInt8(2) !== 0,
    redMax: message.readUInt16BE(4),
    greenMax: message.readUInt16BE(6),
    blueMax: message.readUInt16BE(8),
    redShift: message.readUInt8(10),
    greenShift: message.readUInt8(11),
    blueShift: message.readUInt8(12),
  };
  const channels = [
    [format.redMax, format.redShift],
    [format.greenMax, format.greenShift],
    [format.blueMax, format.blueShift],
  ] as const;
  for (const [max, shift] of channels) {
    if (max === 0 || max * 2 ** shift >= 2 ** bitsPerPixel) {
      throw new ViewerMisbehavedError(
        `a colour of ${max} << ${shift} in ${bitsPerPixel} bits per pixel`,
      );
    }
  }
  return format;
}

/** Encodes a pixel format, the other way round. */
export function encodePixelFormat(format: PixelFormat): Buffer {
  const message = Buffer.alloc(PIXEL_FORMAT_BYTES);
  message.writeUInt8(format.bitsPerPixel, 0);
  message.writeUInt8(format.depth, 1);
  message.writeUInt8(format.isBigEndian ? 1 : 0, 2);
  message.writeUInt8(1, 3);
  message.writeUInt16BE(format.redMax, 4);
  message.writeUInt16BE(format.greenMax, 6);
  message.writeUInt16BE(format.blueMax, 8);
  message.writeUInt8(format.redShift, 10);
  message.writeUInt8(format.greenShift, 11);
  message.writeUInt8(format.blueShift, 12);
  return message;
}

/** A colour as the viewer's pixel value. */
export function pixelOf(colour: Colour, format: PixelFormat): number {
  const scale = (byte: number, max: number): number => Math.round((byte * max) / 255);
  const red = scale((colour >> 16) & 0xff, format.redMax) * 2 ** format.redShift;
  const green = scale((colour >> 8) & 0xff, format.greenMax) * 2 ** format.greenShift;
  const blue = scale(colour & 0xff, format.blueMax) * 2 ** format.blueShift;
  // A format may let its colours overlap: still a value of its width.
  return (red | green | blue) >>> 0;
}

/** Writes a pixel value where the format wants its bytes. */
export function writePixel(
  target: Buffer,
  offset: number,
  pixel: number,
  format: PixelFormat,
): void {
  if (format.bitsPerPixel === 8) target.writeUInt8(pixel, offset);
  else if (format.bitsPerPixel === 16) {
    if (format.isBigEndian) target.writeUInt16BE(pixel, offset);
    else target.writeUInt16LE(pixel, offset);
  } else if (format.isBigEndian) target.writeUInt32BE(pixel, offset);
  else target.writeUInt32LE(pixel, offset);
}
