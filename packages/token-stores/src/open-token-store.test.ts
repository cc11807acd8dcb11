import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openTokenAuthority, openTokenStore } from "./open-token-store.ts";
import { testConfig } from "./testing.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-console-stores-"));
after(() => {
  rmSync(directory, { recursive: true });
});

const configOf = testConfig.bind(null, directory);

describe("openTokenAuthority()", () => {
  it("keeps tokens in SQLite below state_path where nothing else is said", async () => {
    const store = await openTokenAuthority(configOf(), {
      now: Date.now,
    });
    assert.equal(store.place, join(directory, "consoles.sqlite"));
    await store.close();
  });

  it("makes a setting error of a database that it does not know", async () => {
    const config = configOf(["database", "connection", "oracle://u:secret@h/d"]);
    await assert.rejects(openTokenAuthority(config, { now: Date.now }), (error: Error) => {
      assert.match(error.message, /\[database\] connection is of kind oracle:/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });

  it("takes Redis, there or not, where token_store says so", async () => {
    const config = configOf(
      ["console_proxy", "token_store", "redis"],
      ["console_proxy", "redis_url", "redis://u:secret@127.0.0.1:1/3"],
    );
    const store = await openTokenAuthority(config, { now: Date.now });
    assert.equal(store.place, "redis://127.0.0.1:1/3");
    await store.close();
  });

  for (const [what, url, message] of [
    ["missing", "", /^\[console_proxy\] redis_url is not set/],
    ["wrong", "memcached://u:secret@h", /^\[console_proxy\] redis_url is not a Redis URL/],
  ] as const) {
    it(`makes a setting error with the allowed forms of a redis_url that is ${what}`, async () => {
      const config = configOf(
        ["console_proxy", "token_store", "redis"],
        ["console_proxy", "redis_url", url],
      );
      await assert.rejects(openTokenAuthority(config, { now: Date.now }), (error: Error) => {
        assert.equal(error.name, "SettingError");
        assert.match(error.message, message);
        assert.match(error.message, /redis\+sentinel:\/\//);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    });
  }
  it("names the servers of a database and nobody's password", async () => {
    const config = configOf(["database", "connection", "mysql+pymysql://u:secret@db1,db2:1/nova"]);
    const store = await openTokenAuthority(config, { now: Date.now });
    assert.equal(store.place, "mysql://db1:3306,db2:1/nova");
    await store.close();
  });

  it("makes a setting error of a database URL that is none", async () => {
    const config = configOf(["database", "connection", "postgresql://u:secret@db"]);
    await assert.rejects(openTokenAuthority(config, { now: Date.now }), {
      name: "SettingError",
      message: /^\[database\] connection names no database; /,
    });
  });
});

describe("openTokenStore()", () => {
  it("asks a nova-consoleauth where it is told to, and wants brokers for it", async () => {
    const config = configOf(["console_proxy", "token_store", "consoleauth"]);
    await assert.rejects(openTokenStore(config, { now: Date.now }), {
      code: "SERVICE_ERR_SETTING",
      message: /transport_url is not set, which \[console_proxy\] token_store = consoleauth needs/,
    });
  });

  it("asks every cell where nova's API database is named", async () => {
    const config = configOf(["api_database", "connection", "mysql://u:secret@db/"]);
    await assert.rejects(openTokenStore(config, { now: Date.now }), {
      name: "SettingError",
      message: /^\[api_database\] connection names no database; /,
    });
  });

  it("asks the one store where the API database is a file", async () => {
    const config = configOf(["api_database", "connection", "sqlite:////nova_api.sqlite"]);
    const store = await openTokenStore(config, { now: Date.now });
    assert.ok("place" in store);
    await store.close();
  });
});
