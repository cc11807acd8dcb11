import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { Admin } from "./support/admin.ts";
import { freePort } from "./support/free-port.ts";
import { Installation, tokenOf, withToken } from "./support/installation.ts";
import { until } from "./support/until.ts";
import { closeConsole, echoes, WorkersStage } from "./support/workers.ts";

const TIMEOUT_MS = 120_000;
/** Bytes of a key's press and release. */
const TYPED_BYTES = 16;

describe("admin_listen", { timeout: 6 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const signal = AbortSignal.timeout(6 * TIMEOUT_MS);

  for (const workers of [1, 2]) {
    it(
      `adds up what ${workers} process(es) count, and no token is in it`,
      { timeout },
      async () => {
        const port = await freePort();
        await using stage = await WorkersStage.start(signal, {
          workers,
          admin_listen: `127.0.0.1:${port}`,
        });
        const admin = new Admin(port);
        const url = await stage.authorize();
        const consoles = [await stage.open(url), await stage.open(url), await stage.open(url)];
        for (const each of consoles) await echoes(each);
        await assert.rejects(stage.open(withToken(url, randomUUID())), /token is unknown/);
        assert.equal(await admin.metric("nova_console_sessions", 'state="open"'), 3);
        assert.equal(await admin.metric("nova_console_sessions_opened_total"), 3);
        assert.equal(await admin.metric("nova_console_opening_seconds_count"), 3);
        const carried = await admin.metric("nova_console_bytes_total", "from_viewer");
        assert.ok(carried >= 3 * TYPED_BYTES, String(carried));
        assert.equal(await admin.metric("nova_console_token_checks_total", 'outcome="invalid"'), 1);
        for (const each of consoles) await closeConsole(each);
        await until("the sessions to end", async () => {
          return (await admin.metric("nova_console_sessions_ended_total", "viewer-closed")) === 3;
        });
        assert.equal(await admin.metric("nova_console_sessions", 'state="open"'), 0);
        assert.equal(await admin.metric("nova_console_bytes_total", "from_viewer"), carried);
        assert.equal(await admin.metric("nova_console_sessions_ended_total", "token-invalid"), 1);
        const { body } = await admin.ask("/metrics");
        assert.equal(body.includes(tokenOf(url)), false);
        const lags = body
          .split("\n")
          .filter((line) => line.startsWith("nova_console_event_loop_lag_seconds{"));
        assert.equal(lags.length, workers);
      },
    );
  }

  it("lists the sessions of all workers, and ends one of them", { timeout }, async () => {
    const port = await freePort();
    await using stage = await WorkersStage.start(signal, { admin_listen: `127.0.0.1:${port}` });
    const admin = new Admin(port);
    const [first, second] = [...(await stage.openOnEach()).values()];
    assert.ok(first && second);
    await echoes(first);
    const sessions = await until("both sessions alone", async () => {
      const all = await admin.sessions();
      return all.length === 2 && all;
    });
    assert.deepEqual(
      new Set(sessions.map(({ id }) => Number(id.split("-")[0]))),
      new Set([first.worker, second.worker]),
    );
    for (const session of sessions) {
      assert.equal(session.state, "open");
      assert.equal(session.viewer, "127.0.0.1");
      assert.match(session.backend, /^127\.0\.0\.1:\d+$/);
      assert.match(session.token_id, /^[0-9a-f]{8}$/);
      assert.ok(Math.abs(Date.parse(session.since) - Date.now()) < TIMEOUT_MS);
    }
    const target = sessions.find(({ id }) => id.startsWith(`${first.worker}-`));
    assert.ok(target && target.bytes_from_viewer >= TYPED_BYTES);
    assert.equal((await admin.ask(`/v1/sessions/${target.id}`, "DELETE")).status, 204);
    assert.deepEqual(await first.webSocket.closed, {
      code: 1000,
      reason: "this console was closed by an operator",
    });
    await stage.proxy.printed(/session closed .*reason=ended-by-operator/);
    assert.equal((await admin.ask(`/v1/sessions/${target.id}`, "DELETE")).status, 404);
    assert.equal((await admin.ask("/v1/sessions/0-0", "DELETE")).status, 404);
    await echoes(second);
  });

  it("counts on after a worker was killed: counters do not go back", { timeout }, async () => {
    const port = await freePort();
    await using stage = await WorkersStage.start(signal, { admin_listen: `127.0.0.1:${port}` });
    const admin = new Admin(port);
    const [lost] = [...(await stage.openOnEach()).values()];
    assert.ok(lost);
    await echoes(lost);
    const opened = await admin.metric("nova_console_sessions_opened_total");
    const carried = await admin.metric("nova_console_bytes_total");
    process.kill(lost.worker, "SIGKILL");
    await stage.proxy.printed(/a worker was replaced/);
    assert.equal(await admin.metric("nova_console_sessions_opened_total"), opened);
    assert.ok((await admin.metric("nova_console_bytes_total")) >= carried);
    assert.equal(await admin.metric("nova_console_sessions", 'state="open"'), 1);
    assert.equal(await admin.metric("nova_console_worker_deaths_total"), 1);
    await stage.openOnEach();
    assert.ok((await admin.metric("nova_console_sessions_opened_total")) > opened);
  });

  it(
    "answers on a unix socket for its owner, and says when the proxy drains",
    { timeout },
    async () => {
      await using directory = await Installation.create();
      const path = directory.directory.file("admin.sock");
      await using stage = await WorkersStage.start(signal, { admin_listen: `unix:${path}` });
      const admin = new Admin(path);
      assert.equal((await stat(path)).mode & 0o007, 0);
      assert.equal((await admin.ask("/healthz")).status, 200);
      assert.deepEqual(await admin.ask("/readyz"), { status: 200, body: "ok\n" });
      const [kept, other] = [...(await stage.openOnEach()).values()];
      assert.ok(kept && other);
      await closeConsole(other);
      process.kill(stage.proxy.pid, "SIGTERM");
      const draining = await until("it to drain", async () => {
        const answer = await admin.ask("/readyz");
        return answer.status === 503 && answer;
      });
      assert.match(draining.body, /^it is stopping/);
      assert.equal((await admin.ask("/healthz")).status, 200);
      assert.equal((await admin.sessions()).length, 1);
      await closeConsole(kept);
      assert.deepEqual(await stage.proxy.ended, { status: 0, signal: null });
    },
  );

  it("is ready, and says so within 2 s, while a worker hangs", { timeout }, async () => {
    const port = await freePort();
    await using stage = await WorkersStage.start(signal, { admin_listen: `127.0.0.1:${port}` });
    const admin = new Admin(port);
    const [hanging] = await stage.workers();
    assert.ok(hanging !== undefined);
    process.kill(hanging, "SIGSTOP");
    try {
      const startedMs = performance.now();
      assert.deepEqual(await admin.ask("/readyz"), {
        status: 200,
        body: "ok\n1 of 2 workers do not answer\n",
      });
      assert.ok(performance.now() - startedMs < 2_000);
    } finally {
      process.kill(hanging, "SIGCONT");
    }
    // The file itself, and whether it can be written.
    assert.equal(await admin.metric("nova_console_dependency_up", 'kind="store"'), 2);
  });

  it("is not for pages of other names, nor for what it does not have", { timeout }, async () => {
    const port = await freePort();
    await using installation = await Installation.create({
      conf: { console_proxy: { admin_listen: `127.0.0.1:${port}` } },
    });
    await installation.startXvpvncproxy();
    const admin = new Admin(port);
    assert.equal((await admin.ask("/metrics", "GET", { host: "evil.example" })).status, 403);
    // HAProxy's "option httpchk GET /readyz": HTTP/1.0, and no name at all.
    assert.match(await say(port, "GET /readyz HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /);
    assert.match(await say(port, "GET /readyz HTTP/1.0\r\nHost:\r\n\r\n"), /^HTTP\/1\.1 403 /);
    assert.equal((await admin.ask("/nothing")).status, 404);
    assert.equal((await admin.ask("/v1/sessions", "POST")).status, 404);
  });

  it("warns when others than this machine can reach it", { timeout }, async () => {
    const port = await freePort();
    await using installation = await Installation.create({
      conf: { console_proxy: { admin_listen: `0.0.0.0:${port}` } },
    });
    const proxy = await installation.startXvpvncproxy();
    await proxy.printed(/WARN.*admin_listen is 0\.0\.0\.0:\d+: whoever reaches it/);
  });
});

/** Sends bytes as they are. @returns all of the answer */
async function say(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  socket.write(request);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}
