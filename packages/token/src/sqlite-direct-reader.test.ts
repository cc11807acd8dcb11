import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SqliteDirectReader } from "./sqlite-direct-reader.ts";
import { identityOf, openDatabase } from "./sqlite-file.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";
import type { Token } from "./token.ts";

const NOW_SECONDS = 1_000;

describe("SqliteDirectReader", () => {
  let directory: string;
  let path: string;
  let reader: SqliteDirectReader;
  let store: SqliteTokenStore;
  let token: Token;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "token-store-"));
    path = join(directory, "consoles.sqlite");
    reader = new SqliteDirectReader(path);
    const now = (): number => NOW_SECONDS * 1_000;
    store = await SqliteTokenStore.open({ path, now, connectTimeoutMs: 5_000 });
    ({ token } = await store.authorize({
      ...{ consoleType: "novnc", host: "compute1", port: 5900, internalAccessPath: null },
      ...{ instanceUuid: "11111111-2222-3333-4444-555555555555", ttlSeconds: 600 },
      accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
    }));
    identity = identityOf(path) ?? "";
  });
  afterEach(async () => {
    reader.close();
    await store.close();
    rmSync(directory, { recursive: true });
  });

  let identity: string;
  function ask(nowMs = 0, nowSeconds = NOW_SECONDS): unknown {
    return reader.validate(identity, token.digest, nowSeconds, nowMs);
  }

  it("reads what the store's thread wrote, at once", async () => {
    assert.deepEqual(ask(), await store.validate(token));
    assert.equal(ask(0, NOW_SECONDS + 600), null);
    await store.revokeToken(token);
    assert.equal(ask(), null);
  });

  it("leaves a file that took the place of its own to the thread", () => {
    assert.notEqual(ask(), undefined);
    const other = join(directory, "other.sqlite");
    openDatabase(other).close();
    renameSync(other, path);
    assert.equal(ask(), undefined);
    rmSync(path);
    assert.equal(ask(), undefined);
  });

  it("waits for no lock", async () => {
    await store.close();
    const holder = new DatabaseSync(path);
    holder.exec(
      "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; PRAGMA user_version = 1; COMMIT",
    );
    assert.equal(ask(), undefined);
    holder.close();
    // After a failure it pauses.
    assert.equal(ask(999), undefined);
    assert.notEqual(ask(1_000), undefined);
  });

  it("leaves a faulty file to the thread", () => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix);
    writeFileSync(path, "no database ".repeat(100));
    identity = identityOf(path) ?? "";
    assert.equal(ask(), undefined);
  });

  it("does not open what the thread has not opened, such as a FIFO, which would not end", () => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix);
    execFileSync("mkfifo", [path]);
    assert.equal(ask(), undefined);
  });
});
