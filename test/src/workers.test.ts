import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { describe, it } from "node:test";
import { Admin } from "./support/admin.ts";
import { Installation, withToken } from "./support/installation.ts";
import { freePort } from "./support/free-port.ts";
import { isAlive } from "./support/is-alive.ts";
import { runProgram } from "./support/programs.ts";
import { until } from "./support/until.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";
import { closeConsole, echoes, type OpenConsole, WorkersStage } from "./support/workers.ts";

const TIMEOUT_MS = 120_000;
const CAP = 3;

describe("workers", { timeout: 8 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const signal = AbortSignal.timeout(8 * TIMEOUT_MS);

  it(
    "share the port; one that is killed takes its own consoles along and is replaced",
    { timeout },
    async () => {
      await using directory = await Installation.create();
      const path = directory.directory.file("admin.sock");
      await using stage = await WorkersStage.start(signal, { admin_listen: `unix:${path}` });
      const [lost, kept] = [...(await stage.openOnEach()).values()];
      assert.ok(lost && kept);
      assert.ok((await new Admin(path).sessions()).length >= 2);
      process.kill(lost.worker, "SIGKILL");
      assert.equal((await lost.webSocket.closed).code, 1006);
      await stage.proxy.printed(
        new RegExp(`a worker died.* worker=${lost.worker} .*signal=SIGKILL`),
      );
      assert.match(
        stage.installation.log,
        new RegExp(
          `${stage.proxy.pid} WARNING .*session closed front=novnc .*reason=proxy-killed ` +
            `detail="its worker died: SIGKILL" session=${lost.worker}-\\d+\n`,
        ),
      );
      const [, newcomer] = await stage.proxy.printed(/a worker was replaced worker=(\d+)/);
      await echoes(kept);
      const again = await stage.openOnEach();
      assert.deepEqual(new Set(again.keys()), new Set([kept.worker, Number(newcomer)]));
      for (const opened of [kept, ...again.values()]) await closeConsole(opened);
      assert.deepEqual(await stage.proxy.stop(), { status: 0, signal: null });
    },
  );

  it("are replaced when they give no sign of life", { timeout }, async () => {
    const watchdog = { WATCHDOG_USEC: "6000000" };
    await using stage = await WorkersStage.start(signal, {}, undefined, watchdog);
    const [hung, kept] = [...(await stage.openOnEach()).values()];
    assert.ok(hung && kept);
    process.kill(hung.worker, "SIGSTOP");
    await stage.proxy.printed(
      new RegExp(`a worker gave no sign of life for 3000 ms: it is killed worker=${hung.worker}`),
    );
    assert.equal((await hung.webSocket.closed).code, 1006);
    await stage.proxy.printed(/a worker was replaced worker=\d+/);
    await echoes(kept);
    for (const opened of (await stage.openOnEach()).values()) await closeConsole(opened);
    assert.equal(stage.installation.log.split("a worker died").length, 2);
  });

  it("let the consoles of all of them end when they are stopped", { timeout }, async () => {
    await using stage = await WorkersStage.start(signal);
    const consoles = [...(await stage.openOnEach()).values()];
    const url = webSocketUrl(await stage.authorize());
    process.kill(stage.proxy.pid, "SIGTERM");
    await until("the port to be closed", () =>
      openWebSocket(url).then(
        ({ webSocket }) => {
          webSocket.terminate();
          return false;
        },
        () => true,
      ),
    );
    for (const opened of consoles) {
      await echoes(opened);
      await closeConsole(opened);
    }
    assert.deepEqual(await stage.proxy.ended, { status: 0, signal: null });
  });

  it("end at once at a second signal", { timeout }, async () => {
    await using directory = await Installation.create();
    const path = directory.directory.file("admin.sock");
    await using stage = await WorkersStage.start(signal, { admin_listen: `unix:${path}` });
    const consoles = [...(await stage.openOnEach()).values()];
    const listed = await new Admin(path).sessions();
    process.kill(stage.proxy.pid, "SIGTERM");
    await stage.proxy.printed(/SIGTERM: stopping/);
    process.kill(stage.proxy.pid, "SIGTERM");
    assert.deepEqual(await stage.proxy.ended, { status: 1, signal: null });
    for (const { webSocket } of consoles) assert.equal((await webSocket.closed).code, 1006);
    assertLastLines(stage, listed);
  });

  it("leave no session without its last line, with one process as well", { timeout }, async () => {
    await using directory = await Installation.create();
    const path = directory.directory.file("admin.sock");
    const conf = { workers: 1, admin_listen: `unix:${path}` };
    await using stage = await WorkersStage.start(signal, conf);
    const { webSocket } = await stage.open(await stage.authorize());
    const listed = await new Admin(path).sessions();
    process.kill(stage.proxy.pid, "SIGTERM");
    await stage.proxy.printed(/SIGTERM: stopping/);
    process.kill(stage.proxy.pid, "SIGTERM");
    assert.deepEqual(await stage.proxy.ended, { status: 1, signal: null });
    assert.equal((await webSocket.closed).code, 1006);
    assertLastLines(stage, listed);
  });

  it(
    "let their consoles end and are gone when the primary process is killed",
    { timeout },
    async () => {
      await using stage = await WorkersStage.start(signal);
      const consoles = [...(await stage.openOnEach()).values()];
      const workers = await stage.workers();
      process.kill(stage.proxy.pid, "SIGKILL");
      await stage.proxy.printed(/the primary process is gone[^]*the primary process is gone/);
      for (const opened of consoles) {
        await echoes(opened);
        await closeConsole(opened);
      }
      await until("the workers to end", () => !workers.some(isAlive));
    },
  );

  it("open max_sessions consoles beside silent viewers with bad tokens", { timeout }, async () => {
    const limits = { max_sessions: 20, max_sessions_per_token: 20 };
    await using stage = await WorkersStage.start(signal, limits);
    const url = await stage.authorize();
    const bad = webSocketUrl(withToken(url, randomUUID()));
    const silent = await Promise.all(Array.from({ length: 20 }, () => openWebSocket(bad)));
    for (let open = 0; open < 20; open++) await echoes(await stage.open(url));
    await assert.rejects(stage.open(url), /too many consoles are open/);
    for (const { webSocket } of silent) webSocket.terminate();
  });

  it(
    "open as many consoles with one token as it may have, whichever worker they come to",
    { timeout },
    async () => {
      await using stage = await WorkersStage.start(signal, { max_sessions_per_token: CAP });
      const url = await stage.authorize();
      const consoles: OpenConsole[] = [];
      for (let times = 0; times < 4; times++) {
        while (consoles.length < CAP) consoles.push(await stage.open(url));
        for (let refused = 0; refused < 6; refused++) {
          await assert.rejects(stage.open(url), /too many consoles are open/);
        }
        const [first] = consoles.splice(0, 1);
        assert.ok(first);
        await closeConsole(first);
        const closedLines = (): number =>
          stage.installation.log.split("reason=viewer-closed").length;
        await until("the session to be over", () => closedLines() > times + 1);
      }
      const [lost, ...others] = consoles;
      assert.ok(lost);
      const kept = others.filter(({ worker }) => worker !== lost.worker);
      process.kill(lost.worker, "SIGKILL");
      await stage.proxy.printed(/a worker was replaced/);
      for (let open = kept.length; open < CAP; open++) await stage.open(url);
      await assert.rejects(stage.open(url), /too many consoles are open/);
    },
  );

  it("cannot be started where somebody listens, not even their like", { timeout }, async () => {
    await using stage = await WorkersStage.start(signal);
    const { confPath, novncPort } = stage.installation;
    const second = await runProgram("nova-novncproxy", ["--config-file", confPath, "--nodebug"]);
    assert.equal(second.status, 1);
    const lines = second.stderr.trimEnd().split("\n");
    assert.equal(lines.length, 1);
    assert.match(
      second.stderr,
      new RegExp(`cannot listen on 127.0.0.1:${novncPort}: another program`),
    );
  });

  for (const { fault, args, status, says } of [
    {
      fault: "a certificate that is not there",
      args: ["--ssl_only", "--cert", "/nowhere.pem"],
      status: 2,
      says: /^nova-novncproxy: \[DEFAULT\] ssl_only .*\/nowhere\.pem.*command line.*\n$/,
    },
    {
      fault: "a token store that cannot be opened",
      args: ["--state_path", "/dev/null"],
      status: 1,
      says: /^nova-novncproxy: .*\/dev\/null.*\n$/,
    },
  ]) {
    it(`tell once of ${fault}`, { timeout }, async () => {
      await using stage = await WorkersStage.start(signal);
      const { confPath, directory } = stage.installation;
      await stage.proxy.stop();
      const failed = await runProgram("nova-novncproxy", [
        ...["--config-file", confPath, "--log-file", directory.file("failed.log"), ...args],
      ]);
      assert.equal(failed.status, status, failed.stderr);
      assert.match(failed.stderr, says);
    });
  }

  it("tell once of a database that is away when they start", { timeout }, async () => {
    for (const workers of [1, 2]) {
      const connection = `mysql+pymysql://nova:secret@127.0.0.1:${await freePort()}/nova`;
      await using installation = await Installation.create({
        conf: { database: { connection }, console_proxy: { workers } },
      });
      const proxy = await installation.startNovncproxy();
      await proxy.printed(
        /WARNING .*started without store mysql:.*ECONNREFUSED.*effect="no console opens until then"/,
      );
      assert.deepEqual(await proxy.stop(), { status: 0, signal: null });
      assert.equal(installation.log.match(/started without store/g)?.length, 1);
      assert.doesNotMatch(installation.log, /secret/);
    }
  });

  it(
    "write whole lines to one log file, and to a new one after it was renamed",
    { timeout },
    async () => {
      await using stage = await WorkersStage.start(signal, { log_format: "json" }, "proxy.log");
      const log = stage.installation.directory.file("proxy.log");
      const workers = new Set<unknown>(await stage.workers());
      for (const opened of (await stage.openOnEach()).values()) await closeConsole(opened);
      await until("both workers to log", async () => (await whoLogged(log)).size === workers.size);
      await rename(log, `${log}.1`);
      process.kill(stage.proxy.pid, "SIGHUP");
      await until("a new log", async () => (await linesOf(log)).length > 0);
      for (const opened of (await stage.openOnEach()).values()) await closeConsole(opened);
      await stage.proxy.stop();
      for (const file of [`${log}.1`, log]) {
        assert.deepEqual(await whoLogged(file), workers, file);
      }
    },
  );
});

/** That each of these sessions has its `session opened` line, and one that says what ended it. */
function assertLastLines(stage: WorkersStage, sessions: readonly { readonly id: string }[]): void {
  assert.ok(sessions.length > 0);
  const { log } = stage.installation;
  for (const { id } of sessions) {
    assert.match(log, new RegExp(`session opened front=novnc .* session=${id}\\n`));
    assert.equal(
      log.match(
        new RegExp(
          `session closed .*reason=proxy-killed .*told to end at once" session=${id}\\n`,
          "g",
        ),
      )?.length,
      1,
    );
  }
}

/** The entries of a JSON log, each of which must be whole. */
async function linesOf(path: string): Promise<{ message: unknown; pid: unknown }[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { message: unknown; pid: unknown });
}

/** Processes whose sessions ended. */
async function whoLogged(path: string): Promise<Set<unknown>> {
  const lines = await linesOf(path);
  return new Set(lines.filter(({ message }) => message === "session closed").map(({ pid }) => pid));
}
