import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Token, TokenStoreError } from "@nova-console/token";
import { SqlTokenStore } from "@nova-console/token-store-sql";
import { makeAuthority, type Authority } from "./support/authority.ts";
import type { Database } from "./support/nova/database.ts";
import { MariaDb } from "./support/nova/maria-db.ts";
import { Postgres } from "./support/nova/postgres.ts";
import { TempDir } from "./support/temp-dir.ts";

const TIMEOUT_MS = 60_000;
/** What only a server says that has let the store in: nobody made nova's tables here. */
const IS_IN = /nova-manage db sync/;

const kinds = [
  {
    kind: "MariaDB",
    start: (authority?: Authority): Promise<Database> => MariaDb.start("tokens", authority),
    signed: (caPath: string) => `ssl_ca=${caPath}&ssl_check_hostname=false`,
    named: (caPath: string) => `ssl_ca=${caPath}`,
    unchecked: "ssl_verify_cert=false",
  },
  {
    kind: "PostgreSQL",
    start: (authority?: Authority): Promise<Database> => Postgres.start("tokens", authority),
    signed: (caPath: string) => `sslmode=verify-ca&sslrootcert=${caPath}`,
    named: (caPath: string) => `sslmode=verify-full&sslrootcert=${caPath}`,
    unchecked: "sslmode=require",
  },
] as const;

for (const { kind, start, signed, named, unchecked } of kinds) {
  describe(`TLS to ${kind}`, { timeout: TIMEOUT_MS }, () => {
    const owned = new AsyncDisposableStack();
    let ours: Authority;
    let other: Authority;
    let secured: Database;
    let plain: Database;

    before(async () => {
      const directory = owned.use(await TempDir.create());
      ours = await makeAuthority(directory, "ours");
      other = await makeAuthority(directory, "other");
      secured = owned.use(await start(ours));
      plain = owned.use(await start());
    });
    after(() => owned.disposeAsync());

    it("is used with a certificate that the CA signed, or unchecked", async () => {
      assert.match(await answer(secured, signed(ours.caPath)), IS_IN);
      assert.match(await answer(secured, unchecked), IS_IN);
    });

    it("is refused with another CA's certificate, and with another host's", async () => {
      assert.match(await answer(secured, signed(other.caPath)), /cannot be reached .*certificate/);
      assert.match(
        await answer(secured, named(ours.caPath)),
        /cannot be reached .*(?:altnames|not match)/,
      );
    });

    it("is not left out where the server has none", async () => {
      assert.match(await answer(plain, ""), IS_IN);
      assert.match(await answer(plain, unchecked), /cannot be reached .*(?:SSL|secure)/);
    });
  });
}

/** What the store says for want of nova's tables, or of a connection. */
async function answer({ url }: Database, query: string): Promise<string> {
  const connection = `${url}?${query}`;
  const setting = "[database] connection";
  const store = SqlTokenStore.open({ connection, setting, maxPoolSize: 1, now: Date.now });
  try {
    await store.validate(new Token("any"));
    return "it has nova's tables";
  } catch (error) {
    assert.ok(error instanceof TokenStoreError);
    return error.message;
  } finally {
    await store.close();
  }
}
