import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type ConsoleRequest, validateConsoleRequest } from "./console-request.ts";
import { InvalidConsoleRequestError } from "./errors.ts";

const GOOD: ConsoleRequest = {
  consoleType: "novnc",
  host: "compute1",
  port: 5900,
  internalAccessPath: null,
  instanceUuid: "11111111-2222-3333-4444-555555555555",
  accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
  ttlSeconds: 600,
};

describe("validateConsoleRequest()", () => {
  const accepted: [string, Partial<ConsoleRequest>][] = [
    ["a host name", { host: "compute-1.example.org" }],
    ["a host name with a final dot", { host: "compute1.example.org." }],
    ["a host name with an underscore", { host: "compute_1" }],
    ["an IPv4 address", { host: "192.0.2.7" }],
    ["an IPv6 address", { host: "2001:db8::7" }],
    ["an IPv6 address with a zone", { host: "fe80::1%eth0" }],
    ["a unix socket", { host: "unix:/run/vm 1/vnc.sock", port: 0 }],
    ["the highest port", { port: 65_535 }],
    ["an internal access path", { internalAccessPath: "/console?uuid=x&session_id=y" }],
    ["a second", { ttlSeconds: 1 }],
    ["xvpvnc", { consoleType: "xvpvnc" }],
  ];
  for (const [name, change] of accepted) {
    it(`accepts ${name}`, () => {
      assert.deepEqual(validateConsoleRequest({ ...GOOD, ...change }), { ...GOOD, ...change });
    });
  }

  const refused: [string, string, Partial<ConsoleRequest>][] = [
    ["another type", "console_type", { consoleType: "telnet" }],
    ["an empty host", "host", { host: "" }],
    ["a host with a port", "host", { host: "compute1:5900" }],
    ["brackets", "host", { host: "[::1]" }],
    ["a URL", "host", { host: "http://compute1" }],
    ["a host with a line end", "host", { host: "compute1\n" }],
    ["a host that starts with a dash", "host", { host: "-oProxyCommand" }],
    ["a number as a host", "host", { host: "2130706433" }],
    ["a number in hex as a host", "host", { host: "0x7f000001" }],
    ["an address that ends in hex", "host", { host: "127.0x1" }],
    ["an octal address", "host", { host: "0177.0.0.1" }],
    ["a short address", "host", { host: "127.1" }],
    ["four numbers that are no address", "host", { host: "300.1.1.1" }],
    ["a host of 256 characters", "host", { host: `${"a".repeat(63)}.`.repeat(4) }],
    ["a relative socket path", "host", { host: "unix:vnc.sock", port: 0 }],
    ["a socket path of 108 bytes", "host", { host: `unix:/${"a".repeat(107)}`, port: 0 }],
    ["a NUL in a socket path", "host", { host: "unix:/a\0b", port: 0 }],
    ["a port with a socket", "port", { host: "unix:/vnc.sock", port: 5900 }],
    ["port 0 with a host", "port", { port: 0 }],
    ["port 65536", "port", { port: 65_536 }],
    ["a negative port", "port", { port: -1 }],
    ["half a port", "port", { port: 5900.5 }],
    ["no number as a port", "port", { port: NaN }],
    ["no time", "ttl", { ttlSeconds: 0 }],
    ["time that the schema cannot hold", "ttl", { ttlSeconds: 2 ** 31 }],
    ["half a second", "ttl", { ttlSeconds: 0.5 }],
    ["a name instead of a UUID", "instance_uuid", { instanceUuid: "vm1" }],
    ["a UUID with more behind it", "instance_uuid", { instanceUuid: `${GOOD.instanceUuid}\n` }],
    ["an empty access path", "internal_access_path", { internalAccessPath: "" }],
    ["a header in the access path", "internal_access_path", { internalAccessPath: "/a\r\nX: 1" }],
    ["a host and port for a path", "internal_access_path", { internalAccessPath: "h:80" }],
    ["a URL for a path", "internal_access_path", { internalAccessPath: "http://h/" }],
    ["a space in the access path", "internal_access_path", { internalAccessPath: "/a HTTP/1.1" }],
    ["256 characters of path", "internal_access_path", { internalAccessPath: "/".repeat(256) }],
    ["no URL", "access_url_base", { accessUrlBase: "127.0.0.1:6080" }],
    ["a URL of another scheme", "access_url_base", { accessUrlBase: "javascript:alert(1)" }],
    [
      "a URL of 256 characters",
      "access_url_base",
      { accessUrlBase: `http://h/${"a".repeat(247)}` },
    ],
  ];
  for (const [name, field, change] of refused) {
    it(`refuses ${name} and says what is allowed`, () => {
      assert.throws(
        () => validateConsoleRequest({ ...GOOD, ...change }),
        (error) =>
          error instanceof InvalidConsoleRequestError &&
          error.field === field &&
          error.allowed.length > 0 &&
          error.message.startsWith(`${field} is `) &&
          error.message.endsWith(error.allowed) &&
          !error.message.includes("\n"),
      );
    });
  }

  it("keeps UUIDs in lower case, as nova does", () => {
    const instanceUuid = "AAAAAAAA-BBBB-cccc-dddd-EEEEEEEEEEEE";
    assert.equal(
      validateConsoleRequest({ ...GOOD, instanceUuid }).instanceUuid,
      instanceUuid.toLowerCase(),
    );
  });

  it("accepts or refuses any text, and never lets a control character or a long field in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer(), (text, number) => {
        for (const change of [{ host: text, port: number }, { internalAccessPath: text }]) {
          try {
            const { host, internalAccessPath } = validateConsoleRequest({ ...GOOD, ...change });
            // eslint-disable-next-line no-control-regex -- what must not get in
            assert.doesNotMatch(`${host}${internalAccessPath ?? ""}`, /[\x00-\x1f]|.{256}/);
          } catch (error) {
            assert.ok(error instanceof InvalidConsoleRequestError, String(error));
          }
        }
      }),
    );
  });
});
