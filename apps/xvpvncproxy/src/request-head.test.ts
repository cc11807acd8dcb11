import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chunkings } from "@nova-console/byte-stream/testing";
import fc from "fast-check";
import { type HeadResult, MAX_HEAD_BYTES, RequestHeadParser } from "./request-head.ts";

/** What came of `chunks`, and all bytes behind the head, parsed or not. */
function parse(chunks: readonly Uint8Array[]): HeadResult | null {
  const parser = new RequestHeadParser();
  for (const [index, chunk] of chunks.entries()) {
    const result = parser.push(Buffer.from(chunk));
    if (result?.kind === "refused") return result;
    if (result?.kind === "complete") {
      return { ...result, rest: Buffer.concat([result.rest, ...chunks.slice(index + 1)]) };
    }
  }
  return null;
}

const target = "/console?token=d1c6b5a0-7b0e-4d6f-9c58-6f0c2d3e4f5a";

describe("RequestHeadParser", () => {
  const complete: [name: string, wire: string, method: string, target: string, rest: string][] = [
    ["what nova's viewer sends", `CONNECT ${target} HTTP/1.0\r\n\r\n`, "CONNECT", target, ""],
    ["RFB sent early", `CONNECT ${target} HTTP/1.0\r\n\r\nRFB 003.008\n\u0001`, "CONNECT", target, "RFB 003.008\n\u0001"],
    ["GET with headers", `GET ${target} HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n`, "GET", target, ""],
    ["lines that end in LF alone", `GET ${target} HTTP/1.0\nHost: a\n\nrest`, "GET", target, "rest"],
    ["POST without a body", `POST ${target} HTTP/1.1\r\n\r\n`, "POST", target, ""],
    ["POST whose body is dropped", `POST ${target} HTTP/1.1\r\ncontent-length : 3 \r\n\r\na=bRFB`, "POST", target, "RFB"],
    ["several spaces", `GET  ${target}\tHTTP/1.0\r\n\r\n`, "GET", target, ""],
    ["no path", "GET ?token=x HTTP/1.0\r\n\r\n", "GET", "?token=x", ""],
    ["a head without a token", "GET / HTTP/1.0\r\n\r\n", "GET", "/", ""],
    ["a CONNECT whose Content-Length means nothing", "CONNECT /a HTTP/1.0\r\nContent-Length: x\r\n\r\nRFB", "CONNECT", "/a", "RFB"],
  ]; // prettier-ignore
  for (const [name, wire, method, target, rest] of complete) {
    it(`reads ${name}, however it is cut`, () => {
      const expected = { kind: "complete", head: { method, target }, rest: Buffer.from(rest) };
      for (const [delivery, chunks] of chunkings(Buffer.from(wire, "latin1"))) {
        assert.deepEqual(parse(chunks), expected, delivery);
      }
    });
  }

  const line = `GET / HTTP/1.0\r\n`;
  const refused: [name: string, wire: string, status: number][] = [
    ["RFB", "RFB 003.008\n", 400],
    ["a TLS record", "\u0016\u0003\u0001", 400],
    ["another first byte, without waiting for a line", "x", 400],
    ["an empty line", "\r\n", 400],
    ["another method", "PUT / HTTP/1.0\r\n", 400],
    ["a method in small letters", "get / HTTP/1.0\r\n", 400],
    ["HTTP/0.9", "GET /\r\n", 400],
    ["HTTP/2", "GET / HTTP/2.0\r\n", 400],
    ["words behind the version", "GET / HTTP/1.0 x\r\n", 400],
    ["a Content-Length that is no number", `${line}Content-Length: 1x\r\n\r\n`, 400],
    ["two Content-Lengths", `${line}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, 400],
    ["a Transfer-Encoding", `${line}Transfer-Encoding: chunked\r\n\r\n`, 400],
    ["a long body", `${line}Content-Length: 8193\r\n\r\n`, 413],
    ["a long first line", `GET /${"x".repeat(MAX_HEAD_BYTES)}`, 431],
    ["a long header", `${line}X: ${"x".repeat(MAX_HEAD_BYTES)}`, 431],
    ["many headers", `${line}${"X: y\r\n".repeat(MAX_HEAD_BYTES / 6)}\r\n`, 431],
  ];
  for (const [name, wire, status] of refused) {
    it(`refuses ${name} with ${status}`, () => {
      const bytes = Buffer.from(wire, "latin1");
      assert.deepEqual(parse([bytes]), { kind: "refused", status });
      assert.deepEqual(parse([...bytes].map((byte) => Buffer.of(byte))), {
        kind: "refused",
        status,
      });
    });
  }

  it(`takes a head of ${MAX_HEAD_BYTES} bytes, and not one more`, () => {
    const headOf = (bytes: number): Buffer =>
      Buffer.from(`${line}X: ${"x".repeat(bytes - line.length - 7)}\r\n\r\n`);
    assert.equal(headOf(MAX_HEAD_BYTES).length, MAX_HEAD_BYTES);
    assert.equal(parse([headOf(MAX_HEAD_BYTES)])?.kind, "complete");
    assert.deepEqual(parse([headOf(MAX_HEAD_BYTES + 1)]), { kind: "refused", status: 431 });
  });

  it("takes a header of many spaces in no time", () => {
    const spaces = " ".repeat(MAX_HEAD_BYTES - 100);
    const wire = `GET ${target} HTTP/1.1\r\nContent-Length: 1${spaces}x`.slice(
      0,
      MAX_HEAD_BYTES - 4,
    );
    const startedMs = performance.now();
    for (let round = 0; round < 20; round++) {
      assert.deepEqual(parse([Buffer.from(`${wire}\r\n\r\n`)]), { kind: "refused", status: 400 });
    }
    assert.ok(performance.now() - startedMs < 200);
  });

  it("waits for more as long as the head may become one", () => {
    for (const [delivery, chunks] of chunkings(Buffer.from(`GET / HTTP/1.0\r\nHost: a\r\n\r`))) {
      assert.equal(parse(chunks), null, delivery);
    }
  });

  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom(
        "CONNECT ",
        "GET ",
        "POST ",
        "/?token=a",
        " HTTP/1.0\r\n",
        "\n",
        "\r\n",
        "Host: a\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: x\r\n",
        "RFB 003.008\n",
      )
      .map((text) => new Uint8Array(Buffer.from(text, "latin1"))),
  );

  it("comes to one result for any bytes, however they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 12 }),
        fc.array(fc.nat(200), { maxLength: 12 }),
        (parts, cuts) => {
          const bytes = Buffer.concat(parts);
          const offsets = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length];
          offsets.sort((a, b) => a - b);
          const chunks = offsets
            .slice(1)
            .map((end, index) => bytes.subarray(offsets[index] ?? 0, end));
          assert.deepEqual(parse(chunks), parse([bytes]));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("hands on every byte behind a head", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (rest) => {
        const result = parse([Buffer.from(`CONNECT ${target} HTTP/1.0\r\n\r\n`), rest]);
        assert.ok(result?.kind === "complete");
        assert.deepEqual(result.rest, Buffer.from(rest));
      }),
    );
  });
});
