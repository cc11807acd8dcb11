import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RpcSettingError } from "./errors.ts";
import { describeBrokers, parseTransportUrl } from "./transport-url.ts";

describe("parseTransportUrl()", () => {
  it("takes several brokers, each with its own user, a virtual host and settings apart", () => {
    const url = parseTransportUrl(
      "rabbit://nova:p%40ss%2Fword@h1:5672,other:b:c@[2001:db8::1]:5671/cell%2F1?ssl=1&ssl_ca_file=%2Fca",
    );
    assert.deepEqual(url.hosts, [
      { hostname: "h1", port: 5672, username: "nova", password: "p@ss/word" },
      { hostname: "2001:db8::1", port: 5671, username: "other", password: "b:c" },
    ]);
    assert.equal(url.virtualHost, "cell/1");
    assert.deepEqual(
      [...url.query],
      [
        ["ssl", "1"],
        ["ssl_ca_file", "/ca"],
      ],
    );
  });

  it("fills in port, user, virtual host and host as oslo.messaging and kombu do", () => {
    const local = { hostname: "localhost", port: 5672, username: "guest", password: "guest" };
    assert.deepEqual(parseTransportUrl("rabbit://").hosts, [local]);
    assert.deepEqual(parseTransportUrl("kombu://h2").hosts, [{ ...local, hostname: "h2" }]);
    for (const text of ["rabbit://h", "rabbit://h/", "rabbit://h//"]) {
      assert.equal(parseTransportUrl(text).virtualHost, "/", text);
    }
  });

  it("joins settings that are given twice, and keeps a lone percent sign", () => {
    const url = parseTransportUrl("rabbit://u:50%@h/?a=1&a=2");
    assert.equal(url.query.get("a"), "1,2");
    assert.equal(url.hosts[0]?.password, "50%");
  });

  for (const [text, message] of [
    ["h:5672", /is no URL, must be rabbit:/],
    ["amqp://u:s3cret@h/", /names amqp: only RabbitMQ/],
    ["rabbit://u:s3cret@h:0/", /a port that is not 1 to 65535/],
    ["rabbit://u:s3cret@h:70000/", /a port that is not 1 to 65535/],
    // A "/" in a password that is not written %2F.
    ["rabbit://u:s3cret/more@h:5672/", /a port that is not 1 to 65535/],
    ["rabbit://u:s3cret@[::1/", /neither a name nor an address/],
    ["rabbit://u:s3cret%FF@h/", /password that is not UTF-8/],
  ] as const) {
    it(`refuses ${text} without showing its password`, () => {
      assert.throws(
        () => parseTransportUrl(text),
        (error: unknown) => {
          assert.ok(error instanceof RpcSettingError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /s3cret/);
          return true;
        },
      );
    });
  }

  it("gives back every user, password, host and virtual host that was quoted into it", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1 });
    const host = fc.record(
      {
        hostname: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
        port: fc.integer({ min: 1, max: 65_535 }),
        username: word,
        password: word,
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(host, { minLength: 1 }), word, (hosts, virtualHost) => {
        const authority = hosts.map(({ hostname, port, username, password }) => {
          const name = hostname.includes(":") ? `[${hostname}]` : hostname;
          return `${encodeURIComponent(username)}:${encodeURIComponent(password)}@${name}:${port}`;
        });
        const text = `rabbit://${authority.join(",")}/${encodeURIComponent(virtualHost)}`;
        assert.deepEqual(parseTransportUrl(text), { hosts, virtualHost, query: new Map() });
      }),
    );
  });

  it("ends every text in a URL or in an RpcSettingError that does not repeat it", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (text) => {
        try {
          assert.ok(parseTransportUrl(`rabbit://${text}`).hosts.length > 0);
        } catch (error) {
          assert.ok(error instanceof RpcSettingError);
          assert.ok(!error.message.includes(text));
        }
      }),
    );
  });
});

describe("describeBrokers()", () => {
  it("names hosts, ports and the virtual host, and nobody's password", () => {
    const url = parseTransportUrl("rabbit://u:s3cret@h1,u:s3cret@[::1]:5671/nova");
    assert.equal(describeBrokers(url), "rabbit://h1:5672,[::1]:5671/nova");
  });
});
