import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ConsoleRequest } from "./console-request.ts";
import { VALIDATE_SQL } from "./sqlite-statements.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";
import { Token } from "./token.ts";

const INSTANCE = "11111111-2222-3333-4444-555555555555";
const OTHER_INSTANCE = "99999999-2222-3333-4444-555555555555";
const START_MS = 1_795_327_070_250;
const REQUEST: ConsoleRequest = {
  consoleType: "novnc",
  host: "compute1",
  port: 5900,
  internalAccessPath: "/console?id=1",
  instanceUuid: INSTANCE,
  accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
  ttlSeconds: 600,
};
const INVALID = { code: "TOKEN_ERR_INVALID", message: "token is unknown or expired" };

describe("SqliteTokenStore", () => {
  let directory: string;
  let path: string;
  let nowMs: number;
  let store: SqliteTokenStore;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "token-store-"));
    path = join(directory, "consoles.sqlite");
    nowMs = START_MS;
    store = await open(path);
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  function open(file: string): Promise<SqliteTokenStore> {
    return SqliteTokenStore.open({ path: file, now: () => nowMs, connectTimeoutMs: 5_000 });
  }

  /** What an operator would see with the sqlite3 shell. */
  function query(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    const database = new DatabaseSync(path);
    try {
      return database.prepare(sql).all(...values);
    } finally {
      database.close();
    }
  }

  it("finds what it minted a token for", async () => {
    const { token, info, url } = await store.authorize(REQUEST);
    assert.deepEqual(info, {
      tokenDigest: token.digest,
      consoleType: "novnc",
      host: "compute1",
      port: 5900,
      internalAccessPath: "/console?id=1",
      instanceUuid: INSTANCE,
      expires: 1_795_327_670,
      accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
    });
    assert.deepEqual(await store.validate(token), info);
    assert.equal(url, `${REQUEST.accessUrlBase}?path=%3Ftoken%3D${token.reveal()}`);
    assert.match(
      token.reveal(),
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it("keeps the hash and never the token", async () => {
    const { token } = await store.authorize(REQUEST);
    const [row] = query("SELECT * FROM console_auth_tokens");
    assert.deepEqual(
      { ...row },
      {
        created_at: "2026-11-22 05:57:50.250000",
        updated_at: null,
        id: 1,
        token_hash: token.digest,
        console_type: "novnc",
        host: "compute1",
        port: 5900,
        tls_port: null,
        internal_access_path: "/console?id=1",
        instance_uuid: INSTANCE,
        expires: 1_795_327_670,
        access_url_base: "http://127.0.0.1:6080/vnc_auto.html",
      },
    );
  });

  it("refuses an unknown token and an expired one alike", async () => {
    const { token } = await store.authorize(REQUEST);
    await assert.rejects(store.validate(new Token("")), INVALID);
    await assert.rejects(store.validate(new Token(token.digest)), INVALID);
    nowMs = 1_795_327_670_000 - 1;
    await store.validate(token);
    nowMs = 1_795_327_670_000;
    await assert.rejects(store.validate(token), INVALID);
  });

  it("opens a console for a token that nova wrote", async () => {
    const token = new Token("0c9c8f32-1f1b-4f0e-9a44-3a0f3f2f3d11");
    query(
      `INSERT INTO console_auth_tokens (created_at, updated_at, token_hash, console_type, host, port, tls_port,
         internal_access_path, instance_uuid, expires, access_url_base)
       VALUES ('2026-11-22 05:57:20.234014', NULL, ?, 'spice-html5', '192.0.2.7', 5901, NULL, NULL, ?, ?, NULL)`,
      token.digest,
      INSTANCE,
      1_795_327_071,
    );
    assert.deepEqual(await store.validate(token), {
      tokenDigest: token.digest,
      consoleType: "spice-html5",
      host: "192.0.2.7",
      port: 5901,
      internalAccessPath: null,
      instanceUuid: INSTANCE,
      expires: 1_795_327_071,
      accessUrlBase: null,
    });
  });

  it("works on the table that nova's own migrations made", async () => {
    const novaPath = join(directory, "nova.sqlite");
    const database = new DatabaseSync(novaPath);
    database.exec(`CREATE TABLE console_auth_tokens (created_at DATETIME, updated_at DATETIME,
      id INTEGER NOT NULL, token_hash VARCHAR(255) NOT NULL, console_type VARCHAR(255) NOT NULL,
      host VARCHAR(255) NOT NULL, port INTEGER NOT NULL, internal_access_path VARCHAR(255),
      instance_uuid VARCHAR(36) NOT NULL, expires INTEGER NOT NULL, access_url_base VARCHAR(255),
      PRIMARY KEY (id), CONSTRAINT uniq_console_auth_tokens0token_hash UNIQUE (token_hash))`);
    database.close();
    const novas = await open(novaPath);
    const { token, info } = await novas.authorize(REQUEST);
    assert.deepEqual(await novas.validate(token), info);
    await novas.close();
  });

  it("costs one indexed query per validation", () => {
    const plan = query(`EXPLAIN QUERY PLAN ${VALIDATE_SQL}`, "x", 1).map((row) => row["detail"]);
    assert.equal(plan.length, 1);
    assert.match(String(plan[0]), /^SEARCH console_auth_tokens USING INDEX .*\(token_hash=\?\)$/);
  });

  it("revokes an instance's tokens and no others", async () => {
    const first = await store.authorize(REQUEST);
    const second = await store.authorize({ ...REQUEST, port: 5901, instanceUuid: OTHER_INSTANCE });
    await store.authorize({ ...REQUEST, ttlSeconds: 1 });
    nowMs += 2000;
    assert.equal(await store.revokeInstance(INSTANCE.toUpperCase()), 1);
    await assert.rejects(store.validate(first.token), INVALID);
    await store.validate(second.token);
    assert.equal(await store.revokeInstance(INSTANCE), 0);
    await assert.rejects(store.revokeInstance("vm1"), { code: "TOKEN_ERR_INVALID_REQUEST" });
  });

  it("revokes one token", async () => {
    const first = await store.authorize(REQUEST);
    const second = await store.authorize(REQUEST);
    assert.equal(await store.revokeToken(first.token), true);
    assert.equal(await store.revokeToken(first.token), false);
    await assert.rejects(store.validate(first.token), INVALID);
    await store.validate(second.token);
  });

  it("lists what live tokens lead to, by instance", async () => {
    const second = await store.authorize({ ...REQUEST, port: 5901, instanceUuid: OTHER_INSTANCE });
    const first = await store.authorize(REQUEST);
    await store.authorize({ ...REQUEST, ttlSeconds: 1 });
    nowMs += 2000;
    assert.deepEqual(await store.list(), [first.info, second.info]);
  });

  it("lists the digests of live tokens, the youngest first, up to a limit", async () => {
    const short = await store.authorize({ ...REQUEST, ttlSeconds: 5 });
    const older = await store.authorize(REQUEST);
    const younger = await store.authorize(REQUEST);
    assert.equal((await store.liveDigests(10)).length, 3);
    nowMs += 6_000;
    const live = [younger, older].map(({ token }) => token.digest);
    assert.deepEqual(await store.liveDigests(10), live);
    assert.deepEqual(await store.liveDigests(1), live.slice(0, 1));
    assert.ok(!live.includes(short.token.digest));
  });

  it("moves an instance's tokens to its new place", async () => {
    const { token, info } = await store.authorize(REQUEST);
    assert.equal(await store.move(INSTANCE, "2001:db8::7", 5907), 1);
    assert.deepEqual(await store.validate(token), { ...info, host: "2001:db8::7", port: 5907 });
    assert.equal(
      query("SELECT updated_at FROM console_auth_tokens")[0]?.["updated_at"],
      "2026-11-22 05:57:50.250000",
    );
    assert.equal(await store.move(INSTANCE, "unix:/run/vnc.sock", 0), 1);
    assert.equal(await store.move(OTHER_INSTANCE, "compute3", 5900), 0);
    await assert.rejects(store.move(INSTANCE, "compute2", 0), { field: "port" });
    await assert.rejects(store.move("vm1", "compute2", 1), { field: "instance_uuid" });
  });

  it("makes tokens worthless whose port is given to another instance", async () => {
    const place = { host: "compute1", port: 5901, internalAccessPath: null };
    const own = await store.authorize({ ...REQUEST, ...place });
    const elsewhere = await store.authorize({ ...REQUEST, port: 5902 });
    const twin = await store.authorize({ ...REQUEST, ...place });
    const other = { ...REQUEST, ...place, instanceUuid: OTHER_INSTANCE };
    const { token } = await store.authorize(other);
    await assert.rejects(store.validate(own.token), INVALID);
    await assert.rejects(store.validate(twin.token), INVALID);
    await store.validate(elsewhere.token);
    await store.move(INSTANCE, "compute1", 5901);
    await assert.rejects(store.validate(token), INVALID);
  });

  it("lets instances share a port behind a hypervisor's own proxy", async () => {
    const { token } = await store.authorize(REQUEST);
    await store.authorize({
      ...REQUEST,
      internalAccessPath: "/console?id=2",
      instanceUuid: OTHER_INSTANCE,
    });
    await store.validate(token);
  });

  it("purges what has expired and nothing else", async () => {
    const { token } = await store.authorize(REQUEST);
    await store.authorize({ ...REQUEST, ttlSeconds: 1 });
    nowMs += 1000;
    assert.equal(await store.purge(), 1);
    assert.equal(await store.purge(), 0);
    await store.validate(token);
  });

  it("purges on authorize, once a minute", async () => {
    await store.authorize({ ...REQUEST, ttlSeconds: 1 });
    nowMs += 59_000;
    await store.authorize(REQUEST);
    assert.equal(query("SELECT id FROM console_auth_tokens").length, 2);
    nowMs += 1000;
    await store.authorize(REQUEST);
    assert.equal(query("SELECT id FROM console_auth_tokens").length, 2);
  });

  it("refuses a request it cannot keep, and keeps nothing", async () => {
    await assert.rejects(store.authorize({ ...REQUEST, port: 0 }), {
      code: "TOKEN_ERR_INVALID_REQUEST",
      field: "port",
      allowed: "a whole number from 1 to 65535",
      message: "port is 0, must be a whole number from 1 to 65535",
    });
    assert.deepEqual(await store.list(), []);
  });

  it("names the column of a row that is damaged", async () => {
    const { token } = await store.authorize(REQUEST);
    query("UPDATE console_auth_tokens SET port = 'five'");
    await assert.rejects(store.validate(token), {
      code: "TOKEN_ERR_STORE_UNAVAILABLE",
      message: `token store ${path}: a row's port is not a whole number; remove that row from console_auth_tokens`,
    });
  });

  it("is readable for its owner only, with all that lies beside it", async () => {
    await store.authorize(REQUEST);
    for (const suffix of ["", "-wal", "-shm"]) {
      assert.equal(statSync(path + suffix).mode & 0o777, 0o600, suffix);
    }
  });

  it("closes more than once, and answers nothing afterwards", async () => {
    await store.close();
    await store.close();
    await assert.rejects(store.validate(new Token("x")), {
      code: "TOKEN_ERR_STORE_UNAVAILABLE",
      message: `token store ${path}: is closed`,
    });
  });

  it("asks the file that took the place of its own", async () => {
    const { token: old } = await store.authorize(REQUEST);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix);
    await assert.rejects(store.validate(old), INVALID);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    const other = await open(path);
    const { token } = await other.authorize(REQUEST);
    assert.equal((await store.validate(token)).instanceUuid, INSTANCE);
    await other.close();
  });

  it("opens no console while its file is not a database, and goes on when it is again", async () => {
    const { token } = await store.authorize(REQUEST);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix);
    writeFileSync(path, "not a database at all ".repeat(100));
    const unavailable = { code: "TOKEN_ERR_STORE_UNAVAILABLE" };
    await assert.rejects(store.validate(token), unavailable);
    await assert.rejects(store.validate(token), unavailable);
    rmSync(path);
    await assert.rejects(store.validate(token), INVALID);
  });
});
