import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ConsoleRequest } from "./console-request.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";
import { Token } from "./token.ts";
import { checkTokenStore } from "./watch-token-store.ts";

const TIMEOUT = { timeout: 30_000 };
const LIMIT_MS = 1_000;
/** Far fewer than a free event loop makes in the limit, far more than one that waits. */
const MANY_TURNS = 20;
const INSTANCE = "11111111-2222-3333-4444-555555555555";
const REQUEST: ConsoleRequest = {
  consoleType: "novnc",
  host: "compute1",
  port: 5900,
  internalAccessPath: null,
  instanceUuid: INSTANCE,
  accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
  ttlSeconds: 600,
};
const LOCKED = {
  code: "TOKEN_ERR_STORE_UNAVAILABLE",
  message: /is locked by another process for more than 0\.95 s; if none is at work on it, look/,
};

describe("SqliteTokenStore while its file cannot be used", () => {
  let directory: string;
  let path: string;
  let store: SqliteTokenStore;
  let holder: DatabaseSync | null;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "token-store-"));
    path = join(directory, "consoles.sqlite");
    holder = null;
    store = await open();
  });
  afterEach(async () => {
    holder?.close();
    await store.close();
    rmSync(directory, { recursive: true });
  });

  function open(): Promise<SqliteTokenStore> {
    return SqliteTokenStore.open({ path, now: Date.now, connectTimeoutMs: LIMIT_MS });
  }

  function hold(file: string, how: "IMMEDIATE" | "EXCLUSIVE"): DatabaseSync {
    holder = new DatabaseSync(file);
    holder.exec(`BEGIN ${how}`);
    return holder;
  }

  /** Puts another file in the place of the store's, with a lock that keeps even readers out. */
  function replaceByLocked(): DatabaseSync {
    const other = join(directory, "other.sqlite");
    const locked = hold(other, "EXCLUSIVE");
    locked.exec("CREATE TABLE t (a)");
    removeFile();
    renameSync(other, path);
    return locked;
  }

  function removeFile(): void {
    for (const suffix of ["", "-wal", "-shm"]) {
      rmSync(path + suffix, { force: true, recursive: true });
    }
  }

  /** How often the event loop turned until `work` was done: it does not turn while a call waits. */
  async function turnsUntil(work: Promise<unknown>): Promise<number> {
    const state = { isOver: false };
    const end = (): void => {
      state.isOver = true;
    };
    work.then(end, end);
    let turns = 0;
    for (; !state.isOver; turns++) await new Promise((resolve) => setImmediate(resolve));
    return turns;
  }

  it("refuses a write within its limit while another process holds the lock", TIMEOUT, async () => {
    hold(path, "IMMEDIATE");
    const writing = store.authorize(REQUEST);
    const turning = turnsUntil(writing);
    await assert.rejects(writing, LOCKED);
    assert.ok((await turning) > MANY_TURNS);
    holder?.exec("ROLLBACK");
    // Refused is refused: it is not written later.
    await store.purge();
    assert.deepEqual(await store.list(), []);
  });

  it(
    "answers reads while a write waits, and writes when the lock is given back",
    TIMEOUT,
    async () => {
      const { token } = await store.authorize(REQUEST);
      hold(path, "IMMEDIATE");
      const revoking = store.revokeInstance(INSTANCE);
      assert.equal((await store.list()).length, 1);
      await store.validate(token);
      holder?.exec("COMMIT");
      assert.equal(await revoking, 1);
      await assert.rejects(store.validate(token), { code: "TOKEN_ERR_INVALID" });
    },
  );

  it("keeps the order of writes that wait", TIMEOUT, async () => {
    hold(path, "IMMEDIATE");
    const minting = store.authorize(REQUEST);
    const revoking = store.revokeInstance(INSTANCE);
    holder?.exec("COMMIT");
    await minting;
    assert.equal(await revoking, 1);
  });

  it(
    "refuses what it is asked while a locked file is in its place, and goes on after",
    TIMEOUT,
    async () => {
      const { token } = await store.authorize(REQUEST);
      await store.validate(token);
      const locked = replaceByLocked();
      const asking = [store.validate(token), store.list(), store.purge()];
      const turning = turnsUntil(Promise.allSettled(asking));
      for (const question of asking) await assert.rejects(question, LOCKED);
      assert.ok((await turning) > MANY_TURNS);
      locked.exec("COMMIT");
      await assert.rejects(store.validate(token), { code: "TOKEN_ERR_INVALID" });
      await store.validate((await store.authorize(REQUEST)).token);
    },
  );

  it("says so if the file is locked when it is opened", TIMEOUT, async () => {
    const locked = replaceByLocked();
    const opening = open();
    await assert.rejects(opening, { message: /is locked by another process for more than 4\.8 s/ });
    locked.exec("COMMIT");
    await (await open()).close();
  });

  it("waits for the lock when it is opened", TIMEOUT, async () => {
    const locked = replaceByLocked();
    const opening = open();
    setImmediate(() => {
      locked.exec("COMMIT");
    });
    await (await opening).close();
  });

  it("closes while a write waits for the lock", TIMEOUT, async () => {
    hold(path, "IMMEDIATE");
    const writing = assert.rejects(store.authorize(REQUEST), { message: /: is closed$/ });
    await store.close();
    await writing;
  });

  it("answers hundreds of questions at once", TIMEOUT, async () => {
    const { token } = await store.authorize(REQUEST);
    const questions = Array.from({ length: 300 }, (_, n) =>
      n % 3 === 0 ? store.authorize(REQUEST) : store.validate(token),
    );
    await Promise.all(questions);
    assert.equal((await store.list()).length, 101);
  });

  it("is checked for being writable", TIMEOUT, async () => {
    await store.checkWritable();
    hold(path, "IMMEDIATE");
    await assert.rejects(store.checkWritable(), LOCKED);
    await checkTokenStore(store);
  });

  const intruders: [name: string, make: () => void, message: RegExp][] = [
    [
      "a directory",
      () => {
        mkdirSync(path);
      },
      /: is not a file; name another path$/,
    ],
    ["a FIFO", () => execFileSync("mkfifo", [path]), /: is not a file; name another path$/],
    [
      "a loop of symbolic links",
      () => {
        symlinkSync(path, path);
      },
      /ELOOP/,
    ],
    [
      "text",
      () => {
        writeFileSync(path, "no database ".repeat(100));
      },
      /is not an SQLite database/,
    ],
  ];
  for (const [name, make, message] of intruders) {
    it(
      `refuses what it is asked while ${name} is in its place, and goes on after`,
      TIMEOUT,
      async () => {
        const { token } = await store.authorize(REQUEST);
        await store.validate(token);
        removeFile();
        make();
        const unavailable = { code: "TOKEN_ERR_STORE_UNAVAILABLE", message };
        await assert.rejects(store.validate(token), unavailable);
        await assert.rejects(store.authorize(REQUEST), unavailable);
        await assert.rejects(checkTokenStore(store), unavailable);
        removeFile();
        await assert.rejects(store.validate(new Token("x")), { code: "TOKEN_ERR_INVALID" });
        await store.validate((await store.authorize(REQUEST)).token);
      },
    );
  }

  it("keeps no process alive", TIMEOUT, () => {
    const script = `
      const { SqliteTokenStore } = await import(${JSON.stringify(import.meta.resolve("./sqlite-token-store.ts"))});
      const store = await SqliteTokenStore.open({ path: ${JSON.stringify(path)}, now: Date.now, connectTimeoutMs: 20_000 });
      console.log((await store.list()).length);`;
    const args = ["--input-type=module", "-e", script];
    assert.equal(execFileSync(process.execPath, args, { ...TIMEOUT, encoding: "utf8" }), "0\n");
  });
});
