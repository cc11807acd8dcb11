import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hex } from "@nova-console/byte-stream/testing";
import { binaryFrame, putBinaryFrameHeader } from "./binary-frame-header.ts";

describe("putBinaryFrameHeader()", () => {
  const headers = [
    { byteCount: 1, wire: "82 01" },
    { byteCount: 125, wire: "82 7d" },
    { byteCount: 126, wire: "82 7e 007e" },
    { byteCount: 65_535, wire: "82 7e ffff" },
    { byteCount: 65_536, wire: "82 7f 0000000000010000" },
    { byteCount: 5 * 2 ** 32 + 7, wire: "82 7f 0000000500000007" },
  ];
  for (const { byteCount, wire } of headers) {
    it(`puts ${wire} in front of ${byteCount} bytes, and touches no other`, () => {
      const buffer = Buffer.alloc(20, 0xee);
      const start = putBinaryFrameHeader(buffer, 16, byteCount);
      assert.deepEqual(buffer.subarray(start, 16), hex(wire));
      assert.ok(buffer.subarray(0, start).every((byte) => byte === 0xee));
      assert.ok(buffer.subarray(16).every((byte) => byte === 0xee));
    });
  }
});

describe("binaryFrame()", () => {
  it("puts the header in front of the payload", () => {
    assert.deepEqual(binaryFrame(hex("0101")), hex("82 02 0101"));
  });
});
