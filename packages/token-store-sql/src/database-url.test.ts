import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TokenStoreSettingError } from "@nova-console/token";
import fc from "fast-check";
import { describePlace, parseDatabaseUrl, type DatabaseUrl } from "./database-url.ts";

const SETTING = "[database] connection";
const parse = (text: string): DatabaseUrl => parseDatabaseUrl(text, SETTING);

describe("parseDatabaseUrl()", () => {
  for (const [text, place] of [
    ["mysql://u:p@db/nova", "mysql://db:3306/nova"],
    ["mysql+pymysql://u:p@db:3307/nova?charset=utf8", "mysql://db:3307/nova"],
    ["mariadb+mysqldb://u@db/nova", "mysql://db:3306/nova"],
    ["postgresql://u:p@db/nova", "postgresql://db:5432/nova"],
    ["postgresql+psycopg2://u:p@[::1]/nova", "postgresql://[::1]:5432/nova"],
    ["postgres://u:p@db:1/nova", "postgresql://db:1/nova"],
    ["mysql://u:p@a:1,b:2,[2001:db8::1]:3/nova", "mysql://a:1,b:2,[2001:db8::1]:3/nova"],
    ["mysql://u:p@/nova", "mysql://localhost:3306/nova"],
    ["mysql:///nova?unix_socket=/run/mysqld.sock", "mysql:///run/mysqld.sock/nova"],
    ["postgresql://u:p@/nova", "postgresql:///var/run/postgresql/nova"],
    ["postgresql://u:p@/nova?host=a:1&host=b:2", "postgresql://a:1,b:2/nova"],
  ] as const) {
    it(`reads ${text}`, () => {
      assert.equal(describePlace(parse(text)), place);
    });
  }

  it("decodes user and password, and leaves what is no escape", () => {
    const { user, password } = parse("mysql://n%40va:p%C3%A4%2F%40s%zz+/?@db/nova");
    assert.deepEqual([user, password], ["n@va", "pä/@s%zz+/?"]);
  });

  it("reads TLS of MySQL: a CA means that signer and name are checked", () => {
    const tls = (query: string): DatabaseUrl["tls"] => parse(`mysql://u:p@db/nova?${query}`).tls;
    const files = { caPath: "/ca", certPath: null, keyPath: null };
    assert.deepEqual(tls("ssl_ca=/ca"), { optional: false, verify: "name", ...files });
    assert.equal(tls("ssl_ca=/ca&ssl_check_hostname=false")?.verify, "signer");
    assert.equal(tls("ssl_ca=/ca&ssl_verify_cert=false")?.verify, "nothing");
    assert.equal(tls("ssl_cert=/c&ssl_key=/k")?.verify, "nothing");
    assert.equal(tls("charset=utf8"), null);
  });

  it("reads TLS of PostgreSQL as libpq does", () => {
    const tls = (query: string): DatabaseUrl["tls"] =>
      parse(`postgresql://u:p@db/nova?${query}`).tls;
    assert.equal(tls("")?.optional, true);
    assert.equal(tls("sslmode=disable"), null);
    assert.equal(tls("sslmode=require")?.verify, "nothing");
    assert.equal(tls("sslmode=require&sslrootcert=/ca")?.verify, "signer");
    assert.equal(tls("sslmode=verify-full&sslrootcert=/ca")?.verify, "name");
  });

  it("reads limits in seconds, and ignores what it does not know", () => {
    const url = parse("mysql://u:p@db/nova?connect_timeout=3&read_timeout=0.5&what=ever&plugin=");
    assert.deepEqual([url.connectTimeoutMs, url.queryTimeoutMs], [3000, 500]);
  });

  for (const [text, words] of [
    ["nova", /is no database URL/],
    ["oracle://u:secret@db/nova", /is neither mysql/],
    ["mysql://u:secret@db", /names no database/],
    ["mysql://u:a@secret@db/nova", /more than one @/],
    ["mysql://u:a@s/secret@db/nova", /more than one @/],
    ["mysql://u:secret@db:99999/nova", /host or port/],
    ["mysql://u:secret@d b/nova", /host or port/],
    ["mysql://u:secret@db/nova?connect_timeout=soon", /connect_timeout/],
    ["postgresql://u:secret@db/nova?sslmode=secret", /sslmode/],
  ] as const) {
    it(`refuses ${text}, and says no secret`, () => {
      assert.throws(
        () => parse(text),
        (error) => {
          assert.ok(error instanceof TokenStoreSettingError);
          assert.match(error.message, words);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    });
  }

  it("makes a value or a setting error without the password of any text", () => {
    const kind = fc.constantFrom("mysql", "mysql+pymysql", "postgresql", "oracle", "");
    const part = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant(""));
    // Long enough that no word of ours holds it by chance.
    const password = fc
      .string({ minLength: 12 })
      .filter((text) => !/^[\w :,[\]./?@-]*$/.test(text));
    fc.assert(
      fc.property(kind, part, password, part, part, (scheme, user, secret, host, rest) => {
        const text = `${scheme}://${user}:${secret}@${host}/${rest}`;
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof TokenStoreSettingError);
          assert.ok(!error.message.includes(secret));
        }
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof TokenStoreSettingError);
        }
      }),
    );
  });
});
