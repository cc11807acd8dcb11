import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { InvalidTokenError, Token, TokenStoreError } from "@nova-console/token";
import { SqlTokenStore } from "@nova-console/token-store-sql";
import { freePort } from "./support/free-port.ts";
import { LoopbackServer } from "./support/loopback-server.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";

const TIMEOUT_MS = 120_000;
const HOST = "192.0.2.7";
/** Tables of nova's without which a database is not taken for its. */
const OF_NOVA = ["instances", "block_device_mapping", "compute_nodes", "instance_info_caches"];
const INVALID = { name: "InvalidTokenError", code: new InvalidTokenError().code };

for (const kind of ["MariaDB", "PostgreSQL"] as const) {
  describe(`SqlTokenStore on nova's tables in ${kind}`, { timeout: 3 * TIMEOUT_MS }, () => {
    const owned = new AsyncDisposableStack();
    let cell: NovaCell;
    let store: SqlTokenStore;

    before(async () => {
      cell = owned.use(await NovaCell.start(kind));
      store = owned.adopt(openStore(cell.database.url), (each) => each.close());
    });
    after(() => owned.disposeAsync());

    /** Makes an instance by nova, without a token. */
    async function createInstance(): Promise<string> {
      const { instanceUuid } = await store.validate(new Token(await cell.authorize(HOST, 1)));
      await store.revokeInstance(instanceUuid);
      return instanceUuid;
    }

    function request(instanceUuid: string, port: number): Parameters<typeof store.authorize>[0] {
      return {
        ...{ consoleType: "novnc", host: HOST, port, internalAccessPath: null, instanceUuid },
        ...{ accessUrlBase: "http://proxy:6080/vnc_lite.html", ttlSeconds: 60 },
      };
    }

    it("knows a token that nova minted, and no other", async () => {
      const token = new Token(await cell.authorize(HOST, 5901, "xvpvnc"));
      const { instanceUuid, expires, accessUrlBase, ...info } = await store.validate(token);
      assert.deepEqual(info, {
        ...{ tokenDigest: token.digest, consoleType: "xvpvnc", host: HOST, port: 5901 },
        internalAccessPath: null,
      });
      assert.match(instanceUuid, /^[0-9a-f-]{36}$/);
      assert.ok(expires > Date.now() / 1000);
      assert.match(String(accessUrlBase), /^http:/);
      await assert.rejects(store.validate(new Token(randomUUID())), INVALID);
    });

    it("knows it no more when it has expired or its instance is gone", async () => {
      const token = new Token(await cell.authorize(HOST, 5902));
      const { instanceUuid, expires } = await store.validate(token);
      const later = openStore(cell.database.url, () => expires * 1000);
      await assert.rejects(later.validate(token), INVALID);
      await later.close();
      await cell.database.sql(`UPDATE instances SET deleted = id WHERE uuid = '${instanceUuid}'`);
      await assert.rejects(store.validate(token), INVALID);
      await assert.rejects(store.authorize(request(instanceUuid, 5902)), {
        code: "TOKEN_ERR_INVALID_REQUEST",
      });
    });

    it("mints tokens, keeps their hashes, and gives a place to one instance only", async () => {
      const [first, second] = [await createInstance(), await createInstance()];
      const theirs = await store.authorize(request(first, 5903));
      const ours = await store.authorize(request(second, 5903));
      await assert.rejects(store.validate(theirs.token), INVALID);
      assert.deepEqual(await store.validate(ours.token), ours.info);
      assert.equal((await store.liveDigests(1))[0], ours.token.digest);
      assert.ok((await store.list()).some((info) => info.tokenDigest === ours.token.digest));
      const row = await cell.database.sql(
        `SELECT created_at, token_hash FROM console_auth_tokens WHERE token_hash = '${ours.token.digest}'`,
      );
      const [day = ""] = row.split(/[ \t]/);
      assert.equal(day, new Date(Date.now()).toISOString().slice(0, 10));
    });

    it("moves, revokes and purges", async () => {
      const uuid = await createInstance();
      const { token } = await store.authorize(request(uuid, 5904));
      assert.equal(await store.move(uuid, "192.0.2.8", 5905), 1);
      assert.equal((await store.validate(token)).host, "192.0.2.8");
      assert.equal(await store.revokeToken(token), true);
      assert.equal(await store.revokeToken(token), false);
      const again = await store.authorize(request(uuid, 5904));
      assert.equal(await store.revokeInstance(uuid), 1);
      await assert.rejects(store.validate(again.token), INVALID);
      const last = await store.authorize(request(uuid, 5906));
      await cell.database.sql(
        `UPDATE console_auth_tokens SET expires = 1 WHERE token_hash = '${last.token.digest}'`,
      );
      assert.equal(await store.purge(), 1);
    });

    it("lets many take the same place at once, and leaves it to one at most", async () => {
      const uuids = await Promise.all([createInstance(), createInstance(), createInstance()]);
      await Promise.all(
        uuids.flatMap((uuid) => [1, 2, 3].map(() => store.authorize(request(uuid, 5907)))),
      );
      const left = (await store.list()).filter(({ port }) => port === 5907);
      assert.ok(new Set(left.map(({ instanceUuid }) => instanceUuid)).size <= 1);
    });

    it("asks once for a check: one piece there, one back", async () => {
      const token = new Token(await cell.authorize(HOST, 5908));
      await using relay = await LoopbackServer.relayTo(cell.database.port);
      const counted = openStore(cell.database.url.replace(/:\d+\//, `:${relay.port}/`));
      await counted.validate(token);
      const before = relay.pieces;
      const checks = 20;
      for (let check = 0; check < checks; check++) await counted.validate(token);
      assert.equal(relay.pieces - before, checks);
      await counted.close();
    });

    it("asks another server of the cluster when one does not answer", async () => {
      const token = new Token(await cell.authorize(HOST, 5909));
      const dead = await freePort();
      await using silent = await LoopbackServer.silent();
      const url = cell.database.url.replace(
        "@127.0.0.1",
        `@127.0.0.1:${dead},127.0.0.1:${silent.port},127.0.0.1`,
      );
      const cluster = openStore(`${url}?connect_timeout=0.3`);
      assert.equal((await cluster.validate(token)).port, 5909);
      await cluster.close();
    });

    it("says who does not answer and what to do, and no password", async () => {
      const { url, port } = cell.database;
      const dead = await freePort();
      const wrongPassword = url.replace(":nova_cell@", ":hunter2-secret@");
      const noDatabase = url.replace(/\/nova_cell$/, "/missing");
      await using silent = await LoopbackServer.silent();
      const silence = `${url.replace(`:${port}/`, `:${silent.port}/`)}?connect_timeout=0.2`;
      for (const [connection, words] of [
        [wrongPassword, /does not let this program in .*; check user, password and database/],
        [noDatabase, /check user, password and database|grant/],
        [url.replace(`:${port}/`, `:${dead}/`), /cannot be reached .*ECONNREFUSED/],
        [silence, /cannot be reached .*; check that the database runs/],
      ] as const) {
        const other = openStore(connection);
        await assert.rejects(other.validate(new Token("any")), (error) => {
          assert.ok(error instanceof TokenStoreError);
          assert.match(error.message, words);
          assert.match(error.message, /^token store (?:mysql|postgresql):\/\/127\.0\.0\.1:\d+\//);
          assert.doesNotMatch(error.message, /hunter2-secret/);
          return true;
        });
        await other.close();
      }
    });

    it("refuses all tokens while nova's instances is missing, and warns once", async () => {
      const token = new Token(await cell.authorize(HOST, 5910));
      const { instanceUuid } = await store.validate(token);
      const deleted = `UPDATE instances SET deleted = id WHERE uuid = '${instanceUuid}'`;
      await cell.database.sql(deleted);
      await cell.database.sql("ALTER TABLE instances RENAME TO instances_away");
      const warnings: string[] = [];
      const late = openStore(cell.database.url, Date.now, (message) => warnings.push(message));
      const missing = { code: "TOKEN_ERR_STORE_UNAVAILABLE", message: /instances is missing/ };
      await assert.rejects(late.validate(token), missing);
      await assert.rejects(store.validate(token), missing);
      await assert.rejects(late.list(), missing);
      await assert.rejects(late.authorize(request(randomUUID(), 5911)), missing);
      assert.deepEqual(warnings.length, 1);
      assert.match(warnings[0] ?? "", /has no table instances: no token is good/);
      await cell.database.sql("ALTER TABLE instances_away RENAME TO instances");
      await assert.rejects(late.validate(token), INVALID);
      const other = new Token(await cell.authorize(HOST, 5910));
      assert.equal((await late.validate(other)).port, 5910);
      await late.close();
    });

    it("works in a database without nova's tables, and says how its own table is made", async () => {
      const token = new Token(await cell.authorize(HOST, 5910));
      await rename(OF_NOVA, "", "_away");
      const warnings: string[] = [];
      let nowMs = Date.now();
      const warn = (message: string): unknown => warnings.push(message);
      const alone = openStore(cell.database.url, () => nowMs, warn);
      assert.equal((await alone.validate(token)).port, 5910);
      const minted = await alone.authorize(request(randomUUID(), 5911));
      assert.equal((await alone.validate(minted.token)).port, 5911);
      assert.match(warnings.join(), /^[^,]* has none of nova's tables[^,]*$/);
      await rename(["console_auth_tokens"], "", "_away");
      await assert.rejects(alone.validate(token), {
        code: "TOKEN_ERR_STORE_UNAVAILABLE",
        message: /nova-manage db sync/,
      });
      await rename(["console_auth_tokens", ...OF_NOVA], "_away", "");
      // Minted for an instance that nova does not have.
      nowMs += 5_000;
      await assert.rejects(alone.validate(minted.token), INVALID);
      await alone.close();
    });

    async function rename(tables: readonly string[], from: string, to: string): Promise<void> {
      const statements = tables.map((name) => `ALTER TABLE ${name}${from} RENAME TO ${name}${to}`);
      await cell.database.sql(statements.join("; "));
    }

    it("tells a pool that is busy from a server that cannot be reached", async () => {
      const token = new Token(await cell.authorize(HOST, 5913));
      const busy = SqlTokenStore.open({
        connection: `${cell.database.url}?connect_timeout=0.3`,
        setting: "[database] connection",
        maxPoolSize: 1,
        now: Date.now,
      });
      await busy.validate(token);
      const asked = await Promise.allSettled(
        Array.from({ length: 5_000 }, () => busy.validate(token)),
      );
      const refused = asked.flatMap((each) =>
        each.status === "rejected" ? [(each.reason as Error).message] : [],
      );
      assert.ok(refused.length > 0, "all were served");
      for (const message of refused) {
        assert.match(message, /all 1 connections are in use .*\[database\] max_pool_size/);
        assert.doesNotMatch(message, /cannot be reached/);
      }
      assert.equal((await busy.validate(token)).port, 5913);
      await busy.close();
    });

    it("answers again after the database was away, and not after close()", async () => {
      const token = new Token(await cell.authorize(HOST, 5912));
      const other = openStore(cell.database.url);
      await Promise.all([1, 2, 3, 4, 5].map(() => other.validate(token)));
      await cell.database.stop();
      await assert.rejects(other.validate(token), { code: "TOKEN_ERR_STORE_UNAVAILABLE" });
      await cell.database.restart();
      assert.equal((await other.validate(token)).port, 5912);
      await other.close();
      await assert.rejects(other.validate(token), /is closed/);
    });
  });
}

function openStore(
  connection: string,
  now: () => number = Date.now,
  warn: (message: string) => unknown = () => undefined,
): SqlTokenStore {
  return SqlTokenStore.open({
    connection,
    setting: "[database] connection",
    maxPoolSize: 5,
    now,
    log: { warn: (message) => void warn(message) },
  });
}
