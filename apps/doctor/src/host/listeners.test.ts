import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listenersOn } from "./listeners.ts";

/** A line of /proc/net/tcp. */
function listening(address: string, inode: number): string {
  return `   0: ${address}:17C0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1`;
}

const HAPROXY = listening("0105630A", 11); // 10.99.5.1:6080

describe("listenersOn()", () => {
  const cases: [what: string, line: string, host: string, found: string[]][] = [
    ["another address of this machine", HAPROXY, "10.99.5.2", []],
    ["the same address", HAPROXY, "10.99.5.1", ["11"]],
    ["one address, where the service takes all", HAPROXY, "0.0.0.0", ["11"]],
    ["all addresses", listening("00000000", 12), "10.99.5.2", ["12"]],
    ["all addresses of IPv6", listening("0".repeat(32), 13), "10.99.5.2", ["13"]],
    ["another port", HAPROXY.replace("17C0", "17C1"), "0.0.0.0", []],
    ["a connection", HAPROXY.replace(" 0A ", " 01 "), "0.0.0.0", []],
  ];
  for (const [what, line, host, found] of cases) {
    it(`finds ${found.length} for ${what}`, () => {
      assert.deepEqual(listenersOn(`  sl  local_address ...\n${line}\n`, 6080, host), found);
    });
  }
});
