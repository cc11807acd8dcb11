import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { ByteReader } from "./byte-reader.ts";
import { chunkings, hex, readerOf, streamOf } from "./testing.ts";

const noDeadline = new AbortController().signal;

/** Any bytes in any split: what every property below starts from. */
const delivery = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 })
  .map((chunks) => chunks.map((chunk) => Buffer.from(chunk)));

describe("ByteReader", () => {
  for (const [label, chunks] of chunkings(hex("01 0203 04050607 0809"))) {
    it(`reads numbers in network byte order, delivered ${label}`, async () => {
      const reader = readerOf(chunks);
      assert.equal(await reader.readU8(), 0x01);
      assert.equal(await reader.readU16(), 0x0203);
      assert.equal(await reader.readU32(), 0x04050607);
      assert.deepEqual(await reader.readExact(2), hex("0809"));
    });
  }

  it("resolves a read of nothing at once", async () => {
    assert.deepEqual(await readerOf([]).readExact(0), Buffer.alloc(0));
  });

  it("rejects bytes cut short with how many had come", async () => {
    await assert.rejects(readerOf([hex("01 02")]).readExact(3), {
      code: "STREAM_ERR_UNEXPECTED_EOF",
      message: "stream ended after 2 of 3 bytes",
    });
  });

  it("rejects with the stream's own error", async () => {
    const stream = new PassThrough();
    const reading = new ByteReader(stream, noDeadline).readExact(1);
    stream.destroy(new Error("line is down"));
    await assert.rejects(reading, { message: "line is down" });
  });

  it("rejects with the signal's reason when the deadline comes first", async () => {
    const deadline = new AbortController();
    const reading = new ByteReader(new PassThrough(), deadline.signal).readExact(1);
    deadline.abort(new Error("too late"));
    await assert.rejects(reading, { message: "too late" });
  });

  it("leaves every byte that was not asked for to the stream's next owner", async () => {
    await fc.assert(
      fc.asyncProperty(delivery, fc.nat(), async (chunks, wish) => {
        const all = Buffer.concat(chunks);
        const wanted = wish % (all.length + 1);
        const stream = streamOf(chunks);
        const reader = new ByteReader(stream, noDeadline);
        const head = await reader.readExact(wanted);
        reader.release();
        assert.deepEqual(Buffer.concat([head, await buffer(stream)]), all);
        assert.equal(head.length, wanted);
      }),
    );
  });

  it("splits at a delimiter wherever the network cuts it", async () => {
    const wire = Buffer.from("HTTP/1.1 200 OK\r\n\r\nRFB 003.008\n");
    for (const [, chunks] of chunkings(wire)) {
      const stream = streamOf(chunks);
      const reader = new ByteReader(stream, noDeadline);
      const head = await reader.readUntil(Buffer.from("\r\n\r\n"), 4096);
      reader.release();
      assert.equal(head.toString(), "HTTP/1.1 200 OK\r\n\r\n");
      assert.equal((await buffer(stream)).toString(), "RFB 003.008\n");
    }
  });

  it("gives up on a delimiter that does not come within the bound", async () => {
    await assert.rejects(readerOf([Buffer.alloc(5000)]).readUntil(Buffer.from("\r\n\r\n"), 4096), {
      code: "STREAM_ERR_MESSAGE_TOO_LONG",
      message: "no end of the message within 4096 bytes",
    });
  });

  it("accepts a delimiter that ends at the bound and none that ends past it", async () => {
    const delimiter = Buffer.from("\r\n");
    assert.equal((await readerOf([Buffer.from("ab\r\n")]).readUntil(delimiter, 4)).length, 4);
    await assert.rejects(readerOf([Buffer.from("abc\r\n")]).readUntil(delimiter, 4), {
      code: "STREAM_ERR_MESSAGE_TOO_LONG",
    });
  });

  it("rejects a message that ends before its delimiter", async () => {
    await assert.rejects(readerOf([Buffer.from("HTTP/1.1 2")]).readUntil(Buffer.from("\n"), 99), {
      code: "STREAM_ERR_UNEXPECTED_EOF",
    });
  });

  it("lets another reader go on where it was released", async () => {
    const stream = new PassThrough();
    stream.write(hex("01 02 03"));
    const first = new ByteReader(stream, noDeadline);
    assert.equal(await first.readU8(), 1);
    first.release();
    const second = new ByteReader(stream, noDeadline);
    assert.equal(second.bufferedBytes, 2);
    assert.equal(await second.readU16(), 0x0203);
  });
});
