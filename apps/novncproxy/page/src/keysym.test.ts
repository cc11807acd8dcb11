import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keysymOf, keysymsOf } from "./keysym.ts";

describe("keysymOf()", () => {
  const cases = [
    { character: "a", keysym: 0x61 },
    { character: "ä", keysym: 0xe4 },
    { character: "€", keysym: 0x0100_20ac },
    { character: "😀", keysym: 0x0101_f600 },
    { character: "\n", keysym: 0xff0d },
    { character: "\t", keysym: 0xff09 },
    { character: "\0", keysym: null },
    { character: "\u0085", keysym: null },
    { character: "", keysym: null },
  ];
  for (const { character, keysym } of cases) {
    it(`gives ${keysym?.toString(16) ?? "null"} for ${JSON.stringify(character)}`, () => {
      assert.equal(keysymOf(character), keysym);
    });
  }
});

describe("keysymsOf()", () => {
  it("types a CR LF as one Return and leaves out what no key types", () => {
    assert.deepEqual(keysymsOf("a\r\nb\rc\u0007"), [0x61, 0xff0d, 0x62, 0xff0d, 0x63]);
  });
});
