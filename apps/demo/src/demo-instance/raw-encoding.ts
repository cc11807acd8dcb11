import type { Framebuffer } from "./framebuffer.ts";
import { pixelOf, type PixelFormat, writePixel } from "./pixel-format.ts";
import type { Rectangle } from "./rectangle.ts";

/**
 * Encodes an area pixel by pixel.
 *
 * @param area - inside the picture
 * @see RFC 6143 §7.7.1
 */
export function encodeRaw(picture: Framebuffer, area: Rectangle, format: PixelFormat): Buffer {
  const bytesPerPixel = format.bitsPerPixel / 8;
  const encoded = Buffer.alloc(area.width * area.height * bytesPerPixel);
  let offset = 0;
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) {
      const colour = picture.pixels[y * picture.width + x] ?? 0;
      writePixel(encoded, offset, pixelOf(colour, format), format);
      offset += bytesPerPixel;
    }
  }
  return encoded;
}
