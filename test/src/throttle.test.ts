import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { Admin } from "./support/admin.ts";
import { freePort } from "./support/free-port.ts";
import { withToken } from "./support/installation.ts";
import { until } from "./support/until.ts";
import { closeConsole, echoes, WorkersStage } from "./support/workers.ts";

const TIMEOUT_MS = 120_000;
const ATTEMPTS = 200;
const WORKERS = 2;

describe("an address that shows wrong tokens", { timeout: TIMEOUT_MS }, () => {
  it("costs the log a few lines, is counted exactly, and opens a console with a good token", async () => {
    const port = await freePort();
    await using stage = await WorkersStage.start(AbortSignal.timeout(TIMEOUT_MS), {
      workers: WORKERS,
      admin_listen: `127.0.0.1:${port}`,
    });
    const admin = new Admin(port);
    const url = await stage.authorize();
    const guess = (): Promise<void> =>
      assert.rejects(stage.open(withToken(url, randomUUID())), /token is unknown/);
    await Promise.all(Array.from({ length: ATTEMPTS }, guess));
    const guesses = Array.from({ length: ATTEMPTS }, guess);
    const delayed = (): Promise<number> =>
      admin.metric("nova_console_throttled_attempts_total", 'outcome="delayed"');
    await until("the second wave to be delayed", async () => (await delayed()) >= ATTEMPTS);
    const console = await stage.open(url);
    await echoes(console);
    await closeConsole(console);
    await Promise.all(guesses);
    const ended = await admin.metric("nova_console_sessions_ended_total", "token-invalid");
    assert.equal(ended, 2 * ATTEMPTS);
    const lines = stage.proxy.stderr.split("\n").filter((line) => line.includes("token-invalid"));
    assert.ok(lines.length <= WORKERS, lines.join("\n"));
    const warnings = stage.proxy.stderr.match(/attempts from this address are delayed/g) ?? [];
    assert.ok(warnings.length >= 1 && warnings.length <= WORKERS);
  });
});
