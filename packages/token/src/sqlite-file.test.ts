import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { storeErrorFrom } from "./sqlite-errors.ts";
import { openDatabase } from "./sqlite-file.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";

/** `nobody`: a user for whom file modes count, if the tests run as root. */
const UNPRIVILEGED = 65_534;
const TIMEOUT = { timeout: 30_000 };
const MODULE = import.meta.resolve("./sqlite-file.ts");

describe("openDatabase()", () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "token-store-"));
    path = join(directory, "consoles.sqlite");
  });
  afterEach(() => {
    chmodSync(directory, 0o700);
    rmSync(directory, { recursive: true });
  });

  function errorOf(work: () => unknown): { message: string; code: string } {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof Error && "code" in error);
      return { message: error.message, code: String(error.code) };
    }
    assert.fail("no error");
  }

  /** What a user without root's rights is told. */
  function errorOfUser(storePath: string): string {
    const script = `
      const { openDatabase } = await import(${JSON.stringify(MODULE)});
      if (process.getuid() === 0) process.setuid(${UNPRIVILEGED});
      try { openDatabase(process.argv[1]); }
      catch (error) { console.log(error.message); }`;
    const options = { ...TIMEOUT, encoding: "utf8" } as const;
    return execFileSync(
      process.execPath,
      ["--input-type=module", "-e", script, storePath],
      options,
    ).trim();
  }

  it("says that the directory is missing and what to do", () => {
    const { message, code } = errorOf(() => openDatabase(join(directory, "none", "c.sqlite")));
    assert.equal(code, "TOKEN_ERR_STORE_UNAVAILABLE");
    assert.equal(
      message,
      `token store ${directory}/none/c.sqlite: ${directory}/none does not exist; create it for the user that runs the service, or set state_path or [database] connection`,
    );
  });

  it("says that a part of the path is a file", () => {
    writeFileSync(path, "");
    assert.match(
      errorOf(() => openDatabase(join(path, "c"))).message,
      /consoles\.sqlite is not a directory/,
    );
    assert.match(errorOf(() => openDatabase(join(path, "b", "c"))).message, /is not a directory$/);
  });

  it("says that the path is a directory", () => {
    mkdirSync(path);
    assert.match(errorOf(() => openDatabase(path)).message, /consoles\.sqlite: is not a file/);
  });

  it("says that the directory is not writable", TIMEOUT, () => {
    chmodSync(directory, 0o555);
    assert.match(
      errorOfUser(path),
      /: \/.*\/token-store-\w+ is not writable for this user; change its owner/,
    );
  });

  it("says that the file is not writable", TIMEOUT, () => {
    openDatabase(path).close();
    chmodSync(path, 0o444);
    chmodSync(directory, 0o777);
    assert.match(errorOfUser(path), /consoles\.sqlite is not writable for this user/);
  });

  it("refuses a file that everybody may write", () => {
    openDatabase(path).close();
    chmodSync(path, 0o666);
    assert.match(
      errorOf(() => openDatabase(path)).message,
      /can be written by everybody, who could make tokens: chmod 660 or stricter$/,
    );
    chmodSync(path, 0o664);
    openDatabase(path).close();
  });

  it("says that the file is no database", () => {
    writeFileSync(path, "this is a text file, and long enough to be looked at\n".repeat(20));
    assert.match(
      errorOf(() => openDatabase(path)).message,
      /is not an SQLite database; move it away/,
    );
  });

  it("says which column another table of that name lacks", async () => {
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE console_auth_tokens (token_hash, instance_uuid, host, expires)");
    database.close();
    const opening = SqliteTokenStore.open({ path, now: Date.now, connectTimeoutMs: 5_000 });
    await assert.rejects(opening, { message: /no such column: console_type/ });
  });

  it("says that the file is damaged", () => {
    openDatabase(path).close();
    // The file's head, which says that it is a database, is kept; the tables are overwritten.
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(statSync(path).size - 100, "Z"), 0, null, 100);
    closeSync(file);
    assert.match(errorOf(() => openDatabase(path)).message, /is damaged; stop the services/);
  });

  it("says that the disk is full, as SQLite tells it", () => {
    const database = openDatabase(path);
    database.exec("PRAGMA max_page_count = 1");
    const filler = database.prepare(
      "INSERT INTO console_auth_tokens (token_hash, console_type, host, port, instance_uuid, expires) VALUES (?, '', ?, 1, '', 1)",
    );
    const error = errorOf(() => {
      try {
        for (let row = 0; row < 100; row++) filler.run(String(row), "x".repeat(255));
      } catch (cause) {
        throw storeErrorFrom(cause, path);
      }
    });
    database.close();
    assert.equal(
      error.message,
      `token store ${path}: the disk is full; free space on its file system`,
    );
  });

  it("says that another process holds the lock", () => {
    const holder = openDatabase(path);
    const waiter = openDatabase(path);
    holder.exec("BEGIN IMMEDIATE");
    waiter.exec("PRAGMA busy_timeout = 0");
    const { message } = errorOf(() => {
      try {
        waiter.exec("BEGIN IMMEDIATE");
      } catch (cause) {
        throw storeErrorFrom(cause, path);
      }
    });
    assert.match(message, /another process holds its lock/);
    holder.close();
    waiter.close();
  });

  it("gives a file that root makes to the directory's owner", TIMEOUT, () => {
    const owner = statSync(directory).uid;
    if (process.getuid?.() === 0) execFileSync("chown", [String(UNPRIVILEGED), directory]);
    openDatabase(path).close();
    assert.equal(statSync(path).uid, process.getuid?.() === 0 ? UNPRIVILEGED : owner);
  });
});
