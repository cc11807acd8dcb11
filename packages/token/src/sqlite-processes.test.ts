import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SqliteTokenStore } from "./sqlite-token-store.ts";
import { Token } from "./token.ts";

const TIMEOUT = { timeout: 60_000 };
const PROCESSES = 8;
const TOKENS_EACH = 25;
/** Opens the store the moment it is told to, mints tokens, prints them, and stays. */
const SCRIPT = `
  const { SqliteTokenStore } = await import(${JSON.stringify(import.meta.resolve("./sqlite-token-store.ts"))});
  console.log("ready");
  process.stdin.once("data", async () => {
    const store = await SqliteTokenStore.open({ path: process.argv[1], now: Date.now, connectTimeoutMs: 30_000 });
    for (let n = 0; n < ${TOKENS_EACH}; n++) {
      const { token } = await store.authorize({ consoleType: "novnc", host: "compute1", port: 5900, internalAccessPath: null,
        instanceUuid: "11111111-2222-3333-4444-555555555555", accessUrlBase: "http://h/", ttlSeconds: 600 });
      console.log(token.reveal());
    }
    console.log("done");
  });`;

describe("SqliteTokenStore in several processes", () => {
  let directory: string;
  let path: string;
  let children: ChildProcess[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "token-store-"));
    path = join(directory, "consoles.sqlite");
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map(kill));
    rmSync(directory, { recursive: true });
  });

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Starts a process; `mint` lets it go and resolves to the tokens it printed. */
  async function start(): Promise<{ child: ChildProcess; mint: () => Promise<string[]> }> {
    const child = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT, path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "ready");
    const mint = async (): Promise<string[]> => {
      child.stdin.write("go\n");
      const tokens: string[] = [];
      for (;;) {
        const line = await lines.next();
        assert.ok(line.done !== true, "the process ended early");
        if (line.value === "done") return tokens;
        tokens.push(line.value);
      }
    };
    return { child, mint };
  }

  it("is made and written by all of them at once, and no token is lost", TIMEOUT, async () => {
    const started = await Promise.all(Array.from({ length: PROCESSES }, start));
    const tokens = (await Promise.all(started.map(({ mint }) => mint()))).flat();
    assert.equal(new Set(tokens).size, PROCESSES * TOKENS_EACH);
    const store = await SqliteTokenStore.open({ path, now: Date.now, connectTimeoutMs: 5_000 });
    for (const token of tokens) await store.validate(new Token(token));
    await store.close();
  });

  it("has what a killed process wrote", TIMEOUT, async () => {
    const { child, mint } = await start();
    const tokens = await mint();
    await kill(child);
    const store = await SqliteTokenStore.open({ path, now: Date.now, connectTimeoutMs: 5_000 });
    for (const token of tokens) await store.validate(new Token(token));
    assert.equal((await store.list()).length, TOKENS_EACH);
    await store.close();
  });

  it("shows one process at once what another has revoked", TIMEOUT, async () => {
    const { mint } = await start();
    const store = await SqliteTokenStore.open({ path, now: Date.now, connectTimeoutMs: 5_000 });
    const [token = ""] = await mint();
    await store.validate(new Token(token));
    const other = await SqliteTokenStore.open({ path, now: Date.now, connectTimeoutMs: 5_000 });
    assert.equal(await other.revokeInstance("11111111-2222-3333-4444-555555555555"), TOKENS_EACH);
    await assert.rejects(store.validate(new Token(token)), { code: "TOKEN_ERR_INVALID" });
    await store.close();
    await other.close();
  });
});
