import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ProxyHeaderError } from "./errors.ts";
import { decodeProxyHeader } from "./proxy-header.ts";
import { isAmong, networksOf } from "./trusted-peers.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

describe("decodeProxyHeader()", () => {
  const headers: [name: string, bytes: Buffer, source: string | null][] = [
    ["TCP4", Buffer.from("PROXY TCP4 192.0.2.1 198.51.100.1 56324 6080\r\n"), "192.0.2.1"],
    ["TCP6", Buffer.from("PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"), "2001:db8::1"],
    ["an IPv4 client as IPv6", Buffer.from("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), "192.0.2.1"],
    ["UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n"), null],
    ["UNKNOWN with more", Buffer.from("PROXY UNKNOWN ffff:f...f:ffff 1 2\r\n"), null],
    ["version 2, TCP4", hex(`${SIGNATURE} 21 11 000c c0000201 c6336401 dc04 17c0`), "192.0.2.1"],
    [
      "version 2, TCP4 with a TLV",
      hex(`${SIGNATURE} 21 11 0010 c0000201 c6336401 dc04 17c0 04 0001 00`),
      "192.0.2.1",
    ],
    [
      "version 2, TCP6",
      hex(`${SIGNATURE} 21 21 0024 20010db8000000000000000000000001 ${"00".repeat(16)} 0001 0002`),
      "2001:db8::1",
    ],
    ["version 2, LOCAL", hex(`${SIGNATURE} 20 00 0000`), null],
    ["version 2, a unix socket", hex(`${SIGNATURE} 21 31 00d8 ${"00".repeat(216)}`), null],
  ];
  for (const [name, bytes, source] of headers) {
    it(`reads ${name}, and nothing of what follows`, () => {
      const followed = Buffer.concat([bytes, Buffer.from("GET / HTTP/1.1\r\n")]);
      assert.deepEqual(decodeProxyHeader(followed), { byteCount: bytes.length, source });
    });

    it(`waits for the rest of ${name}, wherever it was cut`, () => {
      for (let cut = 0; cut < bytes.length; cut++) {
        assert.equal(decodeProxyHeader(bytes.subarray(0, cut)), null, `cut at ${cut}`);
      }
    });
  }

  const refused: [name: string, bytes: Buffer][] = [
    ["an HTTP request", Buffer.from("GET /")],
    ["a TLS record", hex("160301")],
    ["a line without an end", Buffer.from(`PROXY TCP4 ${"1".repeat(200)}`)],
    [
      "an address with a zone, which may be any text",
      Buffer.from("PROXY TCP6 fe80::1%t ::1 1 2\r\n"),
    ],
    ["an address of the other family", Buffer.from("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n")],
    ["a name in place of an address", Buffer.from("PROXY TCP4 localhost 192.0.2.2 1 2\r\n")],
    ["a length of 64 KiB, before that came", hex(`${SIGNATURE} 21 11 ffff`)],
    ["addresses that are too short", hex(`${SIGNATURE} 21 11 0004 c0000201`)],
    ["another version", hex(`${SIGNATURE} 31 11 000c`)],
  ];
  for (const [name, bytes] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => decodeProxyHeader(bytes), { code: "LISTENER_ERR_PROXY_HEADER" });
    });
  }

  it("takes, waits for, or refuses any bytes, and throws nothing else", () => {
    const start = fc.constantFrom(hex(SIGNATURE), Buffer.from("PROXY "), Buffer.alloc(0));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
        try {
          const header = decodeProxyHeader(Buffer.concat([head, tail]));
          assert.ok(header === null || header.byteCount <= head.length + tail.length);
        } catch (error) {
          assert.ok(error instanceof ProxyHeaderError);
        }
      }),
    );
  });
});

describe("networksOf()", () => {
  it("knows addresses and networks of both families", () => {
    const list = networksOf(["192.0.2.0/24", "198.51.100.7", "2001:db8::/32"]);
    for (const address of ["192.0.2.200", "198.51.100.7", "2001:db8::7"]) {
      assert.ok(isAmong(list, address), address);
    }
    for (const address of ["192.0.3.1", "198.51.100.8", "2001:db9::7"]) {
      assert.ok(!isAmong(list, address), address);
    }
  });

  for (const text of ["", "example", "192.0.2.0/33", "192.0.2.0/", "1.2.3.4/8/8", "::1/129"]) {
    it(`rejects "${text}"`, () => {
      assert.throws(() => networksOf([text]), RangeError);
    });
  }
});
