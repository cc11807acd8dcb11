import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { inflateSync, constants } from "node:zlib";
import fc from "fast-check";
import { Framebuffer } from "./framebuffer.ts";
import { nativeFormat, type PixelFormat } from "./pixel-format.ts";
import { bgr233, rgb565, topFormat, ZrleDecoder } from "./testing.ts";
import { ZrleEncoder } from "./zrle-encoding.ts";

const WIDTH = 70;
const HEIGHT = 67;

/** A picture of so many colours, spread by a fixed pattern. */
function pictureOf(colourCount: number): Framebuffer {
  const picture = new Framebuffer(WIDTH, HEIGHT);
  picture.pixels.forEach((_, index) => {
    picture.pixels[index] = (((index * 7919) % colourCount) * 0x010305) & 0xff_ffff;
  });
  return picture;
}

describe("ZrleEncoder", () => {
  const encoder = new ZrleEncoder();
  const decoder = new ZrleDecoder();
  after(() => {
    encoder.close();
  });

  it("is decoded to the same picture, update after update", { timeout: 60_000 }, async () => {
    const area = fc
      .tuple(fc.nat(WIDTH - 1), fc.nat(HEIGHT - 1), fc.nat(WIDTH), fc.nat(HEIGHT))
      .map(([x, y, width, height]) => ({
        x,
        y,
        width: Math.min(width + 1, WIDTH - x),
        height: Math.min(height + 1, HEIGHT - y),
      }));
    const colourCounts = fc.constantFrom(1, 2, 3, 4, 5, 16, 17, 500);
    await fc.assert(
      fc.asyncProperty(colourCounts, area, async (colourCount, { x, y, width, height }) => {
        const picture = pictureOf(colourCount);
        const encoded = await encoder.encode(picture, { x, y, width, height }, nativeFormat);
        assert.equal(encoded.readUInt32BE(0), encoded.length - 4);
        const decoded = new Framebuffer(WIDTH, HEIGHT);
        decoder.decode(encoded.subarray(4), { x, y, width, height }, decoded);
        const expected = new Framebuffer(WIDTH, HEIGHT);
        for (let row = y; row < y + height; row++) {
          const start = row * WIDTH + x;
          expected.pixels.set(picture.pixels.subarray(start, start + width), start);
        }
        assert.deepEqual(decoded.pixels, expected.pixels);
      }),
      { numRuns: 60 },
    );
  });

  const tooDeep: PixelFormat = { ...nativeFormat, depth: 32 };
  const pixelLengths: { name: string; format: PixelFormat; tile: number[] }[] = [
    { name: "24 bits at the bottom, little-endian", format: nativeFormat, tile: [1, 3, 2, 1] },
    { name: "24 bits at the top, big-endian", format: topFormat, tile: [1, 1, 2, 3] },
    {
      name: "24 bits at the bottom, big-endian",
      format: { ...nativeFormat, isBigEndian: true },
      tile: [1, 1, 2, 3],
    },
    {
      name: "24 bits at the top, little-endian",
      format: { ...topFormat, isBigEndian: false },
      tile: [1, 3, 2, 1],
    },
    { name: "a depth of 32", format: tooDeep, tile: [1, 3, 2, 1, 0] },
    { name: "16 bits", format: rgb565, tile: [1, 0, 0] },
    { name: "8 bits", format: bgr233, tile: [1, 0] },
  ];
  for (const { name, format, tile } of pixelLengths) {
    it(`sends the bytes of a pixel that hold colour: ${name}`, { timeout: 5000 }, async () => {
      const single = new ZrleEncoder();
      const picture = new Framebuffer(1, 1);
      picture.pixels[0] = 0x010203;
      const encoded = await single.encode(picture, { x: 0, y: 0, width: 1, height: 1 }, format);
      single.close();
      const inflated = inflateSync(encoded.subarray(4), { finishFlush: constants.Z_SYNC_FLUSH });
      assert.deepEqual([...inflated], tile);
    });
  }
});
