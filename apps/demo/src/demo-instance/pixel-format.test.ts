import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hex } from "@nova-console/byte-stream/testing";
import fc from "fast-check";
import {
  decodePixelFormat,
  encodePixelFormat,
  nativeFormat,
  PIXEL_FORMAT_BYTES,
  pixelOf,
  writePixel,
} from "./pixel-format.ts";
import { bgr233, rgb565, topFormat } from "./testing.ts";

describe("decodePixelFormat()", () => {
  for (const format of [nativeFormat, topFormat, rgb565, bgr233]) {
    it(`reads what encodePixelFormat() wrote: ${format.bitsPerPixel} bits, red at ${format.redShift}`, () => {
      assert.deepEqual(decodePixelFormat(encodePixelFormat(format)), format);
    });
  }

  const refused = [
    { name: "24 bits per pixel", wire: "18 18 00 01 00ff 00ff 00ff 10 08 00 000000" },
    { name: "a colour map", wire: "08 08 00 00 0007 0007 0003 00 03 06 000000" },
    { name: "no red at all", wire: "20 18 00 01 0000 00ff 00ff 10 08 00 000000" },
    { name: "red outside the pixel", wire: "20 18 00 01 00ff 00ff 00ff 19 08 00 000000" },
    { name: "a shift of 255", wire: "08 08 00 01 0001 0001 0001 ff 03 06 000000" },
  ];
  for (const { name, wire } of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => decodePixelFormat(hex(wire)), { code: "DEMO_ERR_VIEWER_MISBEHAVED" });
    });
  }

  it("gives a format that every colour can be written in, or refuses", () => {
    const bytes = fc.uint8Array({ minLength: PIXEL_FORMAT_BYTES, maxLength: PIXEL_FORMAT_BYTES });
    const likely = bytes.map((all) => {
      all.set([[8, 16, 32][(all[0] ?? 0) % 3] ?? 8, 24, 0, 1]);
      return all;
    });
    fc.assert(
      fc.property(fc.oneof(bytes, likely), fc.nat(0xff_ffff), (message, colour) => {
        try {
          const format = decodePixelFormat(Buffer.from(message));
          writePixel(Buffer.alloc(4), 0, pixelOf(colour, format), format);
        } catch (error) {
          assert.equal(error instanceof Error && error.name, "ViewerMisbehavedError");
        }
      }),
    );
  });
});

describe("pixelOf()", () => {
  const cases = [
    { format: nativeFormat, colour: 0x123456, pixel: 0x123456 },
    { format: topFormat, colour: 0x123456, pixel: 0x12345600 },
    { format: rgb565, colour: 0xffffff, pixel: 0xffff },
    { format: rgb565, colour: 0xff0000, pixel: 0xf800 },
    { format: bgr233, colour: 0x0000ff, pixel: 0xc0 },
    { format: topFormat, colour: 0xff0000, pixel: 0xff00_0000 },
  ];
  for (const { format, colour, pixel } of cases) {
    it(`makes 0x${pixel.toString(16)} of 0x${colour.toString(16)} in ${format.bitsPerPixel} bits`, () => {
      assert.equal(pixelOf(colour, format), pixel);
    });
  }
});

describe("writePixel()", () => {
  const cases = [
    { format: nativeFormat, wire: "56341200" },
    { format: topFormat, wire: "00123456" },
    { format: { ...rgb565, isBigEndian: true }, wire: "3456" },
  ];
  for (const { format, wire } of cases) {
    it(`writes ${wire}`, () => {
      const target = Buffer.alloc(format.bitsPerPixel / 8);
      writePixel(target, 0, format.bitsPerPixel === 16 ? 0x3456 : 0x123456, format);
      assert.deepEqual(target, hex(wire));
    });
  }
});
