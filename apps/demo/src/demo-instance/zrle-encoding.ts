import { constants, createDeflate } from "node:zlib";
import type { Colour, Framebuffer } from "./framebuffer.ts";
import { pixelOf, type PixelFormat, writePixel } from "./pixel-format.ts";
import type { Rectangle } from "./rectangle.ts";
import { encodeU32 } from "./server-message.ts";

const TILE = 64;
const MAX_PACKED_COLOURS = 16;

/**
 * Encodes areas for one viewer: all of them are one zlib stream, so they must reach it in the
 * order in which they were encoded.
 *
 * ```
 * U32 length, zlib data of: tiles of 64 x 64, each
 *   U8 0, CPIXELs                                   raw
 *   U8 1, CPIXEL                                    one colour
 *   U8 n (2 to 16), n x CPIXEL, packed indices      palette
 * ```
 *
 * @see RFC 6143 §7.7.6
 */
export class ZrleEncoder {
  readonly #deflate = createDeflate({ level: 6 });
  #chunks: Buffer[] = [];

  constructor() {
    this.#deflate.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
  }

  /**
   * One at a time: wait for the last before the next.
   *
   * @param area - inside the picture, which is read before this returns its promise
   */
  async encode(picture: Framebuffer, area: Rectangle, format: PixelFormat): Promise<Buffer> {
    const tiles = encodeTiles(picture, area, format);
    await new Promise<void>((resolve, reject) => {
      this.#deflate.once("error", reject);
      this.#deflate.write(tiles);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off("error", reject);
        resolve();
      });
    });
    const compressed = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return Buffer.concat([encodeU32(compressed.length), compressed]);
  }

  close(): void {
    this.#deflate.destroy();
  }
}

function encodeTiles(picture: Framebuffer, area: Rectangle, format: PixelFormat): Buffer {
  const tiles: Buffer[] = [];
  for (let y = area.y; y < area.y + area.height; y += TILE) {
    for (let x = area.x; x < area.x + area.width; x += TILE) {
      const width = Math.min(TILE, area.x + area.width - x);
      const height = Math.min(TILE, area.y + area.height - y);
      tiles.push(encodeTile(picture, { x, y, width, height }, format));
    }
  }
  return Buffer.concat(tiles);
}

function encodeTile(picture: Framebuffer, tile: Rectangle, format: PixelFormat): Buffer {
  const colours: Colour[] = [];
  for (let y = tile.y; y < tile.y + tile.height; y++) {
    const start = y * picture.width + tile.x;
    for (let index = start; index < start + tile.width; index++) {
      colours.push(picture.pixels[index] ?? 0);
    }
  }
  const palette = [...new Set(colours)];
  const [only] = palette;
  if (palette.length === 1 && only !== undefined) {
    return Buffer.concat([Buffer.of(1), encodeCpixels([only], format)]);
  }
  if (palette.length > MAX_PACKED_COLOURS) {
    return Buffer.concat([Buffer.of(0), encodeCpixels(colours, format)]);
  }
  const indices = packIndices(colours, palette, tile.width);
  return Buffer.concat([Buffer.of(palette.length), encodeCpixels(palette, format), indices]);
}

/** Each row starts at a byte; the first pixel is in the high bits. */
function packIndices(
  colours: readonly Colour[],
  palette: readonly Colour[],
  width: number,
): Buffer {
  const bits = palette.length === 2 ? 1 : palette.length <= 4 ? 2 : 4;
  const rowBytes = Math.ceil((width * bits) / 8);
  const packed = Buffer.alloc(rowBytes * (colours.length / width));
  const indexOf = new Map(palette.map((colour, index) => [colour, index]));
  for (const [position, colour] of colours.entries()) {
    const column = position % width;
    const offset = Math.floor(position / width) * rowBytes + Math.floor((column * bits) / 8);
    const shift = 8 - bits - ((column * bits) % 8);
    packed[offset] = (packed[offset] ?? 0) | ((indexOf.get(colour) ?? 0) << shift);
  }
  return packed;
}

/** Pixels, without the byte of a 32-bit format that holds no colour. */
function encodeCpixels(colours: readonly Colour[], format: PixelFormat): Buffer {
  const pixelBytes = format.bitsPerPixel / 8;
  const { start, length } = cpixelBytes(format);
  const pixel = Buffer.alloc(pixelBytes);
  const encoded = Buffer.alloc(colours.length * length);
  for (const [index, colour] of colours.entries()) {
    writePixel(pixel, 0, pixelOf(colour, format), format);
    pixel.copy(encoded, index * length, start, start + length);
  }
  return encoded;
}

function cpixelBytes(format: PixelFormat): { start: number; length: number } {
  if (format.bitsPerPixel !== 32 || format.depth > 24) {
    return { start: 0, length: format.bitsPerPixel / 8 };
  }
  const channels = [
    [format.redMax, format.redShift],
    [format.greenMax, format.greenShift],
    [format.blueMax, format.blueShift],
  ] as const;
  if (channels.every(([max, shift]) => max * 2 ** shift < 2 ** 24)) {
    return { start: format.isBigEndian ? 1 : 0, length: 3 };
  }
  if (channels.every(([, shift]) => shift >= 8)) {
    return { start: format.isBigEndian ? 0 : 1, length: 3 };
  }
  return { start: 0, length: 4 };
}
