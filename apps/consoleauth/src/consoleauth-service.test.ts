import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { lstatSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openTokenStore } from "@nova-console/token";
import {
  type Consoleauth,
  type ConsoleauthOptions,
  startConsoleauth,
} from "./consoleauth-service.ts";
import { createWorkplace, TIMEOUT, type Workplace } from "./testing.ts";

const SILENT = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

describe("startConsoleauth()", () => {
  let workplace: Workplace;
  let nowMs: number;
  let running: Consoleauth[];
  let secretFile: string;
  beforeEach(async () => {
    nowMs = 1_795_327_070_000;
    running = [];
    workplace = await createWorkplace(() => nowMs);
    secretFile = join(workplace.directory, "secret");
    writeFileSync(secretFile, "s3cret-of-a-panel", { mode: 0o600 });
  });
  afterEach(async () => {
    await Promise.all(running.map((service) => service.stop()));
    await workplace.remove();
  });

  async function start(
    options: Readonly<Record<string, string>>,
    log: ConsoleauthOptions["log"] = SILENT,
  ): Promise<Consoleauth> {
    const store = await openTokenStore({
      connection: null,
      statePath: workplace.directory,
      now: () => nowMs,
      connectTimeoutMs: 5_000,
    });
    try {
      const service = await startConsoleauth({
        store,
        log,
        config: workplace.config(options),
      });
      running.push(service);
      return service;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  it("serves no API unless there is an address for it", TIMEOUT, async () => {
    const { apiAddress, describe: line } = await start({});
    assert.equal(apiAddress, null);
    assert.equal(
      line,
      `tokens in ${workplace.store.place}, HTTP API off ([consoleauth] api_listen is not set)`,
    );
  });

  it("purges what has expired before it started", TIMEOUT, async () => {
    await workplace.authorize({ ttlSeconds: 1 });
    nowMs += 2000;
    const log = new EventEmitter();
    const purged = once(log, "purged expired tokens");
    await start({}, { ...SILENT, debug: (message: string) => log.emit(message) });
    await purged;
    assert.equal(await workplace.store.purge(), 0);
  });

  it("refuses to serve the API without a secret", TIMEOUT, async () => {
    await assert.rejects(start({ api_listen: "127.0.0.1:0" }), {
      code: "SERVICE_ERR_SETTING",
      message: /^\[consoleauth\] api_secret_file is not set/,
    });
  });

  it("says that its address is taken", TIMEOUT, async () => {
    const { apiAddress } = await start({ api_listen: "127.0.0.1:0", api_secret_file: secretFile });
    const options = { api_listen: apiAddress ?? "", api_secret_file: secretFile };
    await assert.rejects(start(options), {
      code: "SERVICE_ERR_ADDRESS",
      message: `[consoleauth] api_listen ${apiAddress ?? ""}: another program listens there; set another address, or find it with: ss -lntxp`,
    });
  });

  it("listens on IPv6", TIMEOUT, async () => {
    const { apiAddress, describe: line } = await start({
      api_listen: "[::1]:0",
      api_secret_file: secretFile,
    });
    assert.match(apiAddress ?? "", /^\[::1\]:\d+$/);
    assert.ok(line.endsWith(`HTTP API on ${apiAddress ?? ""}`));
  });

  it("stops although a caller never sends the rest of its request", TIMEOUT, async () => {
    const service = await start({ api_listen: "127.0.0.1:0", api_secret_file: secretFile });
    running = [];
    const caller = connect(Number(service.apiAddress?.split(":")[1]), "127.0.0.1");
    caller.on("error", () => undefined);
    caller.write(
      "POST /v1/consoles HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret-of-a-panel\r\n" +
        "Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    );
    await once(caller, "data");
    await service.stop();
    caller.destroy();
  });

  describe("on a unix socket", () => {
    function options(path: string): Record<string, string> {
      return { api_listen: `unix:${path}`, api_secret_file: secretFile };
    }

    it("answers, and removes the socket when it stops", TIMEOUT, async () => {
      const path = join(workplace.directory, "api.sock");
      const service = await start(options(path));
      assert.equal(service.apiAddress, `unix:${path}`);
      assert.equal(lstatSync(path).mode & 0o777, 0o660);
      const client = request({
        socketPath: path,
        path: "/v1/consoles/x",
        headers: { authorization: "Bearer s3cret-of-a-panel" },
      });
      client.end();
      const [response] = (await once(client, "response")) as [NodeJS.ReadableStream];
      assert.deepEqual(await json(response), { error: "token is unknown or expired" });
      await service.stop();
      running = [];
      assert.equal(lstatSync(path, { throwIfNoEntry: false }), undefined);
    });

    it("takes the place of a socket that a killed process left", TIMEOUT, async () => {
      const path = join(workplace.directory, "api.sock");
      const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("ready"))`;
      const child = spawn(process.execPath, ["-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      await assert.rejects(start(options(path)), { message: /another program listens there/ });
      child.kill("SIGKILL");
      await once(child, "exit");
      assert.equal((await start(options(path))).apiAddress, `unix:${path}`);
    });

    it("removes no file that is not a socket", TIMEOUT, async () => {
      const path = join(workplace.directory, "file");
      writeFileSync(path, "precious");
      await assert.rejects(start(options(path)), { message: /another program listens there/ });
      assert.equal(lstatSync(path).size, 8);
    });

    it("says that the directory is missing", TIMEOUT, async () => {
      await assert.rejects(start(options(join(workplace.directory, "none", "s"))), {
        code: "SERVICE_ERR_ADDRESS",
        message: /: there is no directory \/.*\/none$/,
      });
    });
  });
});
