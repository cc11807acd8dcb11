import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { primaryAddress } from "./primary-address.ts";

const loopback = { address: "127.0.0.1", family: "IPv4", internal: true } as const;
const ipv6 = { address: "2001:db8::5", family: "IPv6", internal: false } as const;
const ipv4 = { address: "192.0.2.5", family: "IPv4", internal: false } as const;

describe("primaryAddress()", () => {
  it("is the first IPv4 address that is not the loopback's", () => {
    const other = { ...ipv4, address: "192.0.2.6" };
    assert.equal(
      primaryAddress({ lo: [loopback], eth0: [ipv6, ipv4], eth1: [other] }),
      "192.0.2.5",
    );
  });

  it("is the loopback's if there is no other", () => {
    assert.equal(primaryAddress({ lo: [loopback], eth0: [ipv6] }), "127.0.0.1");
    assert.equal(primaryAddress({}), "127.0.0.1");
  });
});
