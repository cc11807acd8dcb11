import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameReader, maskedFrame } from "./web-socket-frames.ts";

/** Takes frames in pieces of the lengths given, then the rest. */
function readAll(wire: Buffer, pieces: readonly number[]): { payload: Buffer; answers: Buffer[] } {
  const taken: Buffer[] = [];
  const answers: Buffer[] = [];
  const reader = new FrameReader({
    payload: (bytes, start, end) => taken.push(Buffer.from(bytes.subarray(start, end))),
    answer: (frame) => answers.push(frame),
  });
  let at = 0;
  for (const piece of [...pieces, wire.length]) {
    const end = Math.min(wire.length, at + piece);
    reader.take(wire, at, end);
    at = end;
  }
  return { payload: Buffer.concat(taken), answers };
}

/** As a server sends it. */
function serverFrame(payload: Buffer, opcode = 2): Buffer {
  const head =
    payload.length < 126
      ? Buffer.of(0x80 | opcode, payload.length)
      : payload.length < 65_536
        ? Buffer.of(0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff)
        : Buffer.concat([Buffer.of(0x80 | opcode, 127), Buffer.alloc(8)]);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

describe("FrameReader", () => {
  it("finds what frames carry, in any pieces", () => {
    const sizes = fc.array(
      fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 65_535, 65_536, 70_000)),
    );
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(70_000)), (lengths, pieces) => {
        const payloads = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        const wire = Buffer.concat(payloads.map((payload) => serverFrame(payload)));
        assert.deepEqual(readAll(wire, pieces).payload, Buffer.concat(payloads));
      }),
      { numRuns: 50 },
    );
  });

  it("answers a ping with what it carried", () => {
    const wire = Buffer.concat([serverFrame(Buffer.from("hey"), 9), serverFrame(Buffer.of(7))]);
    const { payload, answers } = readAll(wire, [1, 1, 1]);
    assert.deepEqual([payload, answers], [Buffer.of(7), [maskedFrame(Buffer.from("hey"), 10)]]);
  });

  it("tells why the server closed", () => {
    const wire = serverFrame(Buffer.from("\x03\xe8bye", "latin1"), 8);
    assert.throws(() => readAll(wire, []), /closed by the server: 1000 bye/);
  });
});

describe("maskedFrame()", () => {
  it("is what RFC 6455 §5.7 shows for a masked frame", () => {
    const shown = Buffer.from("818537fa213d7f9f4d5158", "hex");
    assert.deepEqual(maskedFrame(Buffer.from("Hello"), 1), shown);
  });
});
