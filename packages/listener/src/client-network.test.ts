import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientNetwork } from "./client-network.ts";

describe("clientNetwork()", () => {
  const cases = [
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
    ["2001:db8::6", "2001:db8:0:0::/64"],
    ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ] as const;
  for (const [address, network] of cases) {
    it(`is ${network} for ${address}`, () => {
      assert.equal(clientNetwork(address), network);
    });
  }
});
