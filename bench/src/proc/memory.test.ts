import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryBytesOf, pssOfRollup } from "./memory.ts";

describe("pssOfRollup()", () => {
  it("takes Pss, and none of its parts", () => {
    const text = "Rss:     9000 kB\nPss:     4000 kB\nPss_Dirty: 3000 kB\nPss_Anon:  2000 kB\n";
    assert.equal(pssOfRollup(text), 4_096_000);
  });

  it("is 0 where there is none", () => {
    assert.equal(pssOfRollup(""), 0);
  });
});

describe("memoryBytesOf()", () => {
  it("finds this process larger than what it holds in one buffer", () => {
    const size = 32 * 1024 * 1024;
    const before = memoryBytesOf([process.pid]);
    const held = Buffer.alloc(size, 1);
    assert.ok(memoryBytesOf([process.pid]) - before > size / 2);
    assert.equal(held.length, size);
  });
});
