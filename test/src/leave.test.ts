import assert from "node:assert/strict";
import { readdir, readFile, readlink, rename, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import type { Child } from "./support/child.ts";
import { ConsoleStage, type Proxy, type Screen } from "./support/console-stage.ts";
import { freePort } from "./support/free-port.ts";
import { isAlive } from "./support/is-alive.ts";
import { descendants } from "./support/memory.ts";
import { startProgram } from "./support/programs.ts";
import { run } from "./support/run.ts";
import { dial } from "./support/tcp.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 120_000;
const OK = { status: 0, signal: null };

/** Writes down every file that Node.js loads code from, and who loads it. */
const RECORD_LOADS = `
  import { appendFileSync } from "node:fs";
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      if (url.startsWith("file:")) appendFileSync(process.env.LOADS, process.pid + " " + url + "\\n");
      return next(url, context);
    },
  });
`;

/** Stops a proxy. @returns its workers, once it has exited with status 0 */
async function leave(proxy: Child): Promise<number[]> {
  const workers = await descendants(proxy.pid);
  process.kill(proxy.pid, "SIGTERM");
  assert.deepEqual(await proxy.exited, OK);
  return workers;
}

/** Where the descriptors of a process lead. */
async function openFiles(pid: number): Promise<string> {
  const descriptors = `/proc/${pid}/fd`;
  const links = (await readdir(descriptors)).map((fd) => readlink(`${descriptors}/${fd}`));
  return (await Promise.all(links.map((link) => link.catch(() => "")))).join("\n");
}

/** Those of some processes that have a connection in a state. */
async function workersWith(workers: readonly number[], state: string): Promise<number[]> {
  const { stdout } = await run("ss", ["-Htnp", "state", state]);
  return workers.filter((worker) => stdout.includes(`pid=${worker},`));
}

async function gone(workers: readonly number[]): Promise<void> {
  await until("the workers to end", () => !workers.some(isAlive));
}

describe("on_stop = leave", { timeout: 8 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const signal = AbortSignal.timeout(8 * TIMEOUT_MS);

  for (const proxy of ["nova-novncproxy", "nova-xvpvncproxy"] satisfies Proxy[]) {
    for (const workers of [1, 2]) {
      it(
        `lets ${proxy} with ${workers} worker(s) be restarted twice at once, and cuts no console`,
        { timeout },
        async () => {
          await using stage = await ConsoleStage.create(signal, { workers, on_stop: "leave" });
          const url = await stage.authorize(proxy);
          const screens: Screen[] = [];
          const left: number[] = [];
          for (let generation = 0; generation < 3; generation++) {
            const child = await stage.start(proxy);
            screens.push(await stage.open(proxy, url));
            for (const screen of screens) await screen.echoes();
            left.push(...(await leave(child)));
          }
          assert.ok(left.filter(isAlive).length >= 3);
          for (const screen of screens) await screen.echoes();
          for (const screen of screens) {
            screen.close();
            await screen.closed;
          }
          await gone(left);
          const { log } = stage.installation;
          assert.equal(log.split("reason=viewer-closed").length, 1 + screens.length);
          assert.doesNotMatch(log, / (WARNING|ERROR) /);
        },
      );
    }
  }

  it("tells how many consoles go on, and where", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal, { on_stop: "leave" });
    const child = await stage.start("nova-novncproxy");
    const url = await stage.authorize("nova-novncproxy");
    const screens = [
      await stage.open("nova-novncproxy", url),
      await stage.open("nova-novncproxy", url),
    ];
    const [worker = 0] = await leave(child);
    await child.printed(
      new RegExp(`until its open consoles have ended worker=${worker} consoles=2`),
    );
    assert.match(
      await readFile(`/proc/${worker}/cmdline`, "latin1"),
      /^nova-novncproxy: until its/,
    );
    for (const screen of screens) screen.close();
    await gone([worker]);
  });

  it(
    "has workers that are left give up their token store, and close nothing else by it",
    { timeout },
    async () => {
      await using stage = await ConsoleStage.create(signal, { on_stop: "leave" });
      const child = await stage.start("nova-xvpvncproxy");
      const screen = await stage.open(
        "nova-xvpvncproxy",
        await stage.authorize("nova-xvpvncproxy"),
      );
      const [worker = 0] = await descendants(child.pid);
      assert.match(await openFiles(worker), /consoles\.sqlite/);
      await leave(child);
      await until("the store to be closed", async () => {
        return !(await openFiles(worker)).includes("consoles.sqlite");
      });
      await screen.echoes();
      screen.close();
      await gone([worker]);
    },
  );

  it("leaves nobody behind when no console is open", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal, { workers: 2, on_stop: "leave" });
    const child = await stage.start("nova-novncproxy");
    await gone(await leave(child));
    assert.deepEqual(await child.ended, OK);
  });

  it(
    "cuts no console when the signal reaches its whole process group, as Ctrl-C in a terminal",
    { timeout },
    async () => {
      await using stage = await ConsoleStage.create(signal, { workers: 2, on_stop: "leave" });
      const child = await stage.start("nova-novncproxy");
      const screen = await stage.open("nova-novncproxy", await stage.authorize("nova-novncproxy"));
      const workers = await descendants(child.pid);
      process.kill(-child.pid, "SIGINT");
      assert.deepEqual(await child.exited, OK);
      await screen.echoes();
      screen.close();
      await gone(workers);
    },
  );

  it("ends in order when it is stopped while it starts", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal, { workers: 2, on_stop: "leave" });
    const { confPath } = stage.installation;
    await using child = await startProgram("nova-novncproxy", ["--config-file", confPath]);
    const workers = await until("a worker", async () => {
      const found = await descendants(child.pid);
      return found.length > 0 && found;
    });
    process.kill(child.pid, "SIGTERM");
    assert.deepEqual(await child.ended, OK);
    await gone(workers);
  });

  for (const [name, first] of [
    ["nova-novncproxy", "GET /vnc_lite.html HTTP/1.1\r\n"],
    ["nova-xvpvncproxy", "GET /console?token=x HTTP/1.1\r\n"],
  ] as const) {
    for (const said of ["", first]) {
      it(
        `still answers who had connected to ${name} and said ${said === "" ? "nothing" : "half a request"}`,
        { timeout },
        async () => {
          // On 6081 who is silent for long would be a stock viewer.
          const settings = { on_stop: "leave", first_word_timeout_ms: 10_000 };
          await using stage = await ConsoleStage.create(signal, settings);
          const child = await stage.start(name);
          const port = stage.portOf(name);
          const socket = await dial({ host: "127.0.0.1", port });
          socket.write(said);
          // What came before it was accepted as well.
          await stage.answers(port);
          await leave(child);
          const answer = socket.setEncoding("latin1").take(1).toArray();
          socket.write(`${first.slice(said.length)}Host: a\r\n\r\n`);
          assert.match(String(await answer), /^HTTP\/1\.1 (200|401) /);
        },
      );
    }
  }

  for (const stop of ["SIGTERM", "SIGINT"] as const) {
    it(
      `has a worker that was left alone end its consoles in order at ${stop}`,
      { timeout },
      async () => {
        await using stage = await ConsoleStage.create(signal, { on_stop: "leave" });
        const child = await stage.start("nova-novncproxy");
        const screen = await stage.open(
          "nova-novncproxy",
          await stage.authorize("nova-novncproxy"),
        );
        const workers = await leave(child);
        for (const worker of workers) process.kill(worker, stop);
        assert.equal(await screen.closed, 1012);
        await gone(workers);
        await child.printed(new RegExp(`session closed .*reason=proxy-shutdown .*by ${stop}`));
      },
    );
  }

  for (const proxy of ["nova-novncproxy", "nova-xvpvncproxy"] satisfies Proxy[]) {
    it(
      `has loaded all that workers of ${proxy} need, so that other files may take their place on the disk`,
      { timeout },
      async () => {
        const consoleProxy = { on_stop: "leave", admin_listen: `127.0.0.1:${await freePort()}` };
        await using stage = await ConsoleStage.create(signal, consoleProxy);
        const { directory } = stage.installation;
        const [hooks, loads] = [directory.file("hooks.mjs"), directory.file("loads")];
        await writeFile(hooks, RECORD_LOADS);
        const child = await stage.start(proxy, [], {
          NODE_OPTIONS: `--import=${hooks}`,
          LOADS: loads,
        });
        const url = await stage.authorize(proxy);
        const ended = await stage.open(proxy, url);
        const cut = await stage.open(proxy, url);
        const [worker = 0] = await leave(child);
        const before = await readFile(loads, "latin1");
        assert.match(before, new RegExp(`^${worker} file:.*main\\.js$`, "m"));
        await ended.echoes();
        ended.close();
        await ended.closed;
        process.kill(worker, "SIGTERM");
        await gone([worker]);
        cut.close();
        assert.equal(await readFile(loads, "latin1"), before);
      },
    );
  }

  it(
    "does not wait for a worker that hangs, and leaves no one on the port",
    { timeout },
    async () => {
      await using stage = await ConsoleStage.create(signal, { on_stop: "leave" });
      const child = await stage.start("nova-novncproxy");
      const [worker = 0] = await descendants(child.pid);
      process.kill(worker, "SIGSTOP");
      process.kill(child.pid, "SIGTERM");
      assert.deepEqual(await child.exited, { status: 1, signal: null });
      await gone([worker]);
      await child.printed(new RegExp(`worker ${worker} did not stop listening within 10000 ms`));
    },
  );

  it(
    "spares workers that have left when a second signal ends the wait for one that hangs",
    { timeout },
    async () => {
      await using stage = await ConsoleStage.create(signal, { workers: 2, on_stop: "leave" });
      const child = await stage.start("nova-novncproxy");
      const screen = await stage.open("nova-novncproxy", await stage.authorize("nova-novncproxy"));
      const workers = await descendants(child.pid);
      const [serving = 0] = await workersWith(workers, "established");
      const hung = workers.find((worker) => worker !== serving) ?? 0;
      process.kill(hung, "SIGSTOP");
      process.kill(child.pid, "SIGTERM");
      await child.printed(new RegExp(`until its open consoles have ended worker=${serving}`));
      process.kill(child.pid, "SIGTERM");
      assert.deepEqual(await child.exited, { status: 1, signal: null });
      await gone([hung]);
      await screen.echoes();
      screen.close();
      await gone([serving]);
    },
  );

  it(
    "serves who connects while a worker that is to leave is too busy to heed it",
    { timeout },
    async () => {
      await using stage = await ConsoleStage.create(signal, { on_stop: "leave" });
      const child = await stage.start("nova-novncproxy");
      const port = stage.portOf("nova-novncproxy");
      const [worker = 0] = await descendants(child.pid);
      process.kill(worker, "SIGSTOP");
      process.kill(child.pid, "SIGTERM");
      await child.printed(/SIGTERM: stopping/);
      const socket = await dial({ host: "127.0.0.1", port });
      const answer = socket.setEncoding("latin1").take(1).toArray();
      socket.write("GET /vnc_lite.html HTTP/1.0\r\n\r\n");
      process.kill(worker, "SIGCONT");
      assert.deepEqual(await child.exited, OK);
      assert.match(String(await answer), /^HTTP\/1\.1 200 /);
    },
  );

  it("bounds what goes on by drain_timeout", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal, { on_stop: "leave", drain_timeout: 0.5 });
    const child = await stage.start("nova-novncproxy");
    const screen = await stage.open("nova-novncproxy", await stage.authorize("nova-novncproxy"));
    const workers = await leave(child);
    assert.equal(await screen.closed, 1012);
    await gone(workers);
    await child.printed(/session closed .*reason=proxy-shutdown .*drain_timeout is over/);
  });

  it(
    "carries consoles on with nobody to read the output, and a log that was renamed",
    { timeout },
    async () => {
      await using stage = await ConsoleStage.create(signal, { on_stop: "leave" });
      const log = stage.installation.directory.file("proxy.log");
      const quiet = await stage.start("nova-xvpvncproxy");
      const logging = await stage.start("nova-novncproxy", ["--log-file", log]);
      const screens = [
        await stage.open("nova-xvpvncproxy", await stage.authorize("nova-xvpvncproxy")),
        await stage.open("nova-novncproxy", await stage.authorize("nova-novncproxy")),
      ];
      const workers = [...(await leave(quiet)), ...(await leave(logging))];
      quiet.closeOutput();
      logging.closeOutput();
      await rename(log, `${log}.1`);
      for (const screen of screens) {
        await screen.echoes();
        screen.close();
        await screen.closed;
      }
      await gone(workers);
      const after = await readFile(log, "utf8").catch(() => "");
      const before = await readFile(`${log}.1`, "utf8");
      assert.match(before + after, /session closed [^]*the open consoles have ended/);
    },
  );
});
