import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { TokenStoreSettingError } from "./errors.ts";
import { openTokenStore, parseSqliteConnection } from "./open-token-store.ts";

describe("openTokenStore()", () => {
  let statePath: string;
  beforeEach(() => {
    statePath = mkdtempSync(join(tmpdir(), "token-store-"));
  });
  afterEach(() => {
    rmSync(statePath, { recursive: true });
  });

  for (const connection of [null, ""]) {
    it(`keeps tokens under state_path when connection is ${JSON.stringify(connection)}`, async () => {
      const store = await openTokenStore({
        connection,
        statePath,
        now: Date.now,
        connectTimeoutMs: 5_000,
      });
      await store.close();
      assert.ok(existsSync(join(statePath, "consoles.sqlite")));
    });
  }

  it("keeps tokens where an sqlite URL says", async () => {
    const connection = `sqlite:///${statePath}/other.db`;
    const store = await openTokenStore({
      ...{ connection, statePath: "/nonexistent" },
      ...{ now: Date.now, connectTimeoutMs: 5_000 },
    });
    await store.close();
    assert.ok(existsSync(join(statePath, "other.db")));
  });
});

describe("parseSqliteConnection()", () => {
  const paths = [
    ["sqlite:////var/lib/nova/nova.sqlite", "/var/lib/nova/nova.sqlite"],
    ["sqlite:///nova.sqlite", "nova.sqlite"],
    ["sqlite+pysqlite:////a/b%20c.db?timeout=5", "/a/b%20c.db"],
    ["SQLite:////a", "/a"],
  ] as const;
  for (const [connection, path] of paths) {
    it(`reads ${connection} as SQLAlchemy does`, () => {
      assert.equal(parseSqliteConnection(connection), path);
    });
  }

  const refused = [
    [
      "mysql+pymysql://nova:hunter2@db/nova?charset=utf8",
      /mysql\+pymysql:\/\/; tokens are kept in SQLite, MySQL or PostgreSQL/,
    ],
    ["postgresql://nova:hunter2@db/nova", /of kind postgresql:\/\//],
    ["sqlite://", /in memory/],
    ["sqlite:///", /in memory/],
    ["sqlite:///:memory:", /in memory/],
    ["sqlite://hunter2/nova.db", /names a host/],
    ["/var/lib/hunter2.sqlite", /no scheme/],
  ] as const;
  for (const [connection, message] of refused) {
    it(`refuses ${connection} without repeating what may be a password`, () => {
      assert.throws(
        () => parseSqliteConnection(connection),
        (error) => {
          assert.ok(error instanceof TokenStoreSettingError);
          assert.equal(error.code, "TOKEN_ERR_STORE_SETTING");
          assert.match(error.message, message);
          assert.match(error.message, /sqlite:\/\/\/\//);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        },
      );
    });
  }
});
