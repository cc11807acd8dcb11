import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { describeBackendAddress, parseBackendAddress } from "./backend-address.ts";
import { BackendAddressError } from "./errors.ts";

describe("parseBackendAddress()", () => {
  const addresses = [
    { host: "192.0.2.7", port: 5900, text: "192.0.2.7:5900" },
    { host: "compute-1.example", port: 5999, text: "compute-1.example:5999" },
    { host: "2001:db8::7", port: 5900, text: "[2001:db8::7]:5900" },
    { host: "[2001:db8::7]", port: 5900, text: "[2001:db8::7]:5900" },
    { host: "fe80::1%eth0", port: 5900, text: "[fe80::1%eth0]:5900" },
    { host: "unix:/run/vm 1.sock", port: 0, text: "unix:/run/vm 1.sock" },
  ];
  for (const { host, port, text } of addresses) {
    it(`reads ${host} with port ${port}`, () => {
      assert.equal(describeBackendAddress(parseBackendAddress(host, port)), text);
    });
  }

  const mistakes = [
    { host: "", port: 5900, message: 'backend host "" must be a host name or an IP address' },
    { host: "a b", port: 5900, message: 'backend host "a b" must be a host name or an IP address' },
    { host: "host", port: 0, message: "backend port 0 must be 1 to 65535" },
    { host: "host", port: 65536, message: "backend port 65536 must be 1 to 65535" },
    { host: "host", port: 1.5, message: "backend port 1.5 must be 1 to 65535" },
    { host: "unix:run", port: 0, message: 'backend socket "run" must be an absolute path' },
  ];
  for (const { host, port, message } of mistakes) {
    it(`rejects host "${host}" with port ${port}`, () => {
      assert.throws(() => parseBackendAddress(host, port), {
        code: "BACKEND_ERR_ADDRESS",
        message,
      });
    });
  }

  it("takes or rejects any text, and throws nothing else", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (host, port) => {
        try {
          parseBackendAddress(host, port);
        } catch (error) {
          assert.ok(error instanceof BackendAddressError);
        }
      }),
    );
  });
});
