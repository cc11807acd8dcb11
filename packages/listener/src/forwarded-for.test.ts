import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { forwardedFor } from "./forwarded-for.ts";
import { networksOf } from "./trusted-peers.ts";

const PEER = "192.0.2.5";
const trusted = networksOf(["192.0.2.0/24", "2001:db8:1::/48"]);

describe("forwardedFor()", () => {
  const cases: [name: string, header: string | undefined, client: string][] = [
    ["no header", undefined, PEER],
    ["one address", "198.51.100.7", "198.51.100.7"],
    ["the rightmost address", "203.0.113.1, 198.51.100.7", "198.51.100.7"],
    ["spaces and tabs", " 203.0.113.1 ,\t198.51.100.7 ", "198.51.100.7"],
    ["balancers behind it", "203.0.113.1,198.51.100.7,192.0.2.9,192.0.2.8", "198.51.100.7"],
    ["something made up before it", "unknown, <script>, 198.51.100.7", "198.51.100.7"],
    ["balancers only", "192.0.2.7, 192.0.2.8", "192.0.2.7"],
    ["IPv6", "2001:DB8::0:7", "2001:db8::7"],
    ["IPv6 in brackets", "[2001:db8::7]", "2001:db8::7"],
    ["IPv6 with a port", "[2001:db8::7]:4711", "2001:db8::7"],
    ["IPv4 with a port", "198.51.100.7:4711", "198.51.100.7"],
    ["IPv4 in IPv6", "::ffff:198.51.100.7", "198.51.100.7"],
    ["IPv4 in IPv6, in hex", "::ffff:c633:6407", "198.51.100.7"],
    ["a balancer of IPv6", "198.51.100.7, 2001:db8:1::2", "198.51.100.7"],
    ["an empty header", "", PEER],
    ["an empty place", "198.51.100.7,", PEER],
    ["an empty place before", ",192.0.2.8", PEER],
    ["a name", "198.51.100.7, localhost", PEER],
    ["a name before a balancer", "evil.example, 192.0.2.8", PEER],
    ["an obfuscated name", "_hidden", PEER],
    ["an address that is none", "198.51.100.700", PEER],
    ["a port that is none", "198.51.100.7:http", PEER],
    ["a half bracket", "[2001:db8::7", PEER],
    ["a zone", "fe80::1%eth0", PEER],
    ["more balancers than there are", "198.51.100.7" + ", 192.0.2.8".repeat(17), PEER],
  ];
  for (const [name, header, client] of cases) {
    it(`is ${client} for ${name}`, () => {
      assert.equal(forwardedFor(header, PEER, trusted), client);
    });
  }

  it("is the peer itself, if it is not trusted", () => {
    assert.equal(forwardedFor("198.51.100.7", "203.0.113.9", trusted), "203.0.113.9");
  });

  it("takes no time for a header as long as one may be", () => {
    const header = "192.0.2.8,".repeat(6_000);
    assert.equal(forwardedFor(header, PEER, trusted), PEER);
  });
});
