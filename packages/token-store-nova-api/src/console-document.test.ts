import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeConsole } from "./console-document.ts";

const good = {
  instance_uuid: "99999999-8888-7777-6666-555555555555",
  host: "compute-7.example.com",
  port: 5900,
  internal_access_path: null,
};

describe("decodeConsole()", () => {
  it("reads every host, port and path that nova can have", () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.constant("fe80::1%eth0"));
    const path = fc.option(fc.stringMatching(/^[!-~]{1,255}$/));
    const port = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(host, port, path, fc.uuid(), (host, port, internalAccessPath, instanceUuid) => {
        const console = {
          instance_uuid: instanceUuid,
          host,
          port,
          internal_access_path: internalAccessPath,
          tls_port: 5800,
        };
        assert.deepEqual(decodeConsole(JSON.stringify({ console })), {
          host,
          port,
          internalAccessPath,
          instanceUuid,
        });
      }),
    );
  });

  it("names a member, or gives a document of the right types, whatever it is given", () => {
    const members = fc.record(
      {
        instance_uuid: fc.oneof(fc.uuid(), fc.jsonValue()),
        host: fc.oneof(fc.constant("host"), fc.jsonValue()),
        port: fc.oneof(fc.constant(5900), fc.jsonValue()),
        internal_access_path: fc.oneof(fc.constant(null), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const documents = fc.oneof(fc.record({ console: members }), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.oneof(
          documents.map((it) => JSON.stringify(it)),
          fc.string(),
        ),
        (text) => {
          const found = decodeConsole(text);
          if (typeof found === "string") {
            assert.match(found, /^(?:console|host|port|internal_access_path|instance_uuid)$/);
            return;
          }
          assert.match(found.host, /^[^\s/]+$/);
          assert.ok(Number.isInteger(found.port) && found.port > 0 && found.port < 65_536);
          assert.match(found.internalAccessPath ?? "", /^[!-~]*$/);
        },
      ),
    );
  });

  it("takes an empty path for none, as nova does", () => {
    const console = { ...good, internal_access_path: "" };
    const found = decodeConsole(JSON.stringify({ console }));
    assert.equal(typeof found === "object" && found.internalAccessPath, null);
  });

  const wrong: [string, unknown][] = [
    ["host", "unix:/run/socket"],
    ["host", "a b"],
    ["host", ""],
    ["host", ["host"]],
    ["port", 0],
    ["port", 65_536],
    ["port", 5900.5],
    ["port", "5900"],
    ["internal_access_path", "/a\r\nb"],
    ["internal_access_path", undefined],
    ["instance_uuid", "not one"],
  ];
  for (const [name, value] of wrong) {
    it(`names ${name} when it is ${JSON.stringify(value)}`, () => {
      assert.equal(decodeConsole(JSON.stringify({ console: { ...good, [name]: value } })), name);
    });
  }
});
