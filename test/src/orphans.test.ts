import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import type { Child } from "./support/child.ts";
import { ConsoleStage, type Proxy } from "./support/console-stage.ts";
import { isAlive } from "./support/is-alive.ts";
import { descendants } from "./support/memory.ts";
import { startProgram } from "./support/programs.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 120_000;

/** Hangs at SIGUSR2 in a way that SIGCONT does not end, as with an endless loop, and without its load. */
const HANG_AT_SIGUSR2 = `
  import { writeSync } from "node:fs";
  process.on("SIGUSR2", () => {
    writeSync(2, "hangs from now on\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

describe("a start beside orphans", { timeout: 6 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const signal = AbortSignal.timeout(6 * TIMEOUT_MS);

  for (const proxy of ["nova-novncproxy", "nova-xvpvncproxy"] satisfies Proxy[]) {
    for (const onStop of ["leave", "drain"]) {
      it(
        `frees ${proxy}'s port of stopped workers with on_stop = ${onStop}, and cuts none of their consoles`,
        { timeout },
        async () => {
          await using stage = await ConsoleStage.create(signal, { workers: 2, on_stop: onStop });
          const url = await stage.authorize(proxy);
          const first = await stage.start(proxy);
          await first.printed(/ready: listening/);
          const screens = [await stage.open(proxy, url), await stage.open(proxy, url)];
          const workers = await descendants(first.pid);
          for (const worker of workers) process.kill(worker, "SIGSTOP");
          process.kill(first.pid, "SIGKILL");
          await first.exited;

          await using second = await startAgain(stage, proxy);
          const [, told = ""] = await second.printed(
            / WARNING .*workers whose primary process is gone still listen.* workers="?([\d,]+)/,
          );
          assert.deepEqual(told.split(",").map(Number).sort(), workers.toSorted());
          await second.printed(/ready: listening/);
          assert.doesNotMatch(second.stderr, / ERROR /);
          for (const screen of screens) await screen.echoes();
          const late = await stage.open(proxy, url);
          await late.echoes();
          for (const screen of screens) screen.close();
          await until("the orphans to end", () => !workers.some(isAlive));
          await late.echoes();
        },
      );
    }
  }

  it(
    "kills one that hangs for good, and says that its consoles are lost",
    { timeout },
    async () => {
      await using stage = await ConsoleStage.create(signal, { workers: 1, on_stop: "leave" });
      const hook = stage.installation.directory.file("hang.mjs");
      await writeFile(hook, HANG_AT_SIGUSR2);
      const first = await stage.start("nova-novncproxy", [], { NODE_OPTIONS: `--import=${hook}` });
      await first.printed(/ready: listening/);
      const screen = await stage.open("nova-novncproxy", await stage.authorize("nova-novncproxy"));
      const [worker = 0] = await descendants(first.pid);
      process.kill(worker, "SIGUSR2");
      await first.printed(/hangs from now on/);
      process.kill(first.pid, "SIGKILL");
      await first.exited;

      await using second = await startAgain(stage, "nova-novncproxy");
      await second.printed(new RegExp(` ERROR .*hangs: it is killed.* worker=${worker}\\b`));
      await second.printed(/ready: listening/);
      assert.equal(await screen.closed, 1006);
      await (
        await stage.open("nova-novncproxy", await stage.authorize("nova-novncproxy"))
      ).echoes();
    },
  );

  it("ends no worker whose primary process lives", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal, { workers: 1, on_stop: "leave" });
    const first = await stage.start("nova-novncproxy");
    await first.printed(/ready: listening/);
    const screen = await stage.open("nova-novncproxy", await stage.authorize("nova-novncproxy"));
    const second = await startAgain(stage, "nova-novncproxy");
    assert.deepEqual(await second.ended, { status: 1, signal: null });
    assert.match(second.stderr, /another program listens there/);
    assert.doesNotMatch(second.stderr, /primary process is gone/);
    await screen.echoes();
  });
});

/** Starts a proxy, and does not take the connections that an orphan's port accepts for its own. */
function startAgain({ installation }: ConsoleStage, proxy: Proxy): Promise<Child> {
  return startProgram(proxy, ["--config-file", installation.confPath]);
}
