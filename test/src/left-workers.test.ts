import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Admin } from "./support/admin.ts";
import type { Child } from "./support/child.ts";
import { ConsoleStage, type Proxy, type Screen } from "./support/console-stage.ts";
import { freePort } from "./support/free-port.ts";
import { isAlive } from "./support/is-alive.ts";
import { descendants } from "./support/memory.ts";
import { runProgram } from "./support/programs.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 60_000;
const OK = { status: 0, signal: null };
/** More than an answer takes that does not wait for a hung worker, on a loaded machine. */
const SOON_MS = 400;

/** Stops a proxy. @returns its workers, once it has exited with status 0 */
async function leave(proxy: Child): Promise<number[]> {
  const workers = await descendants(proxy.pid);
  process.kill(proxy.pid, "SIGTERM");
  assert.deepEqual(await proxy.exited, OK);
  return workers;
}

async function gone(workers: readonly number[]): Promise<void> {
  await until("the workers to end", () => !workers.some(isAlive));
}

/** A stage whose proxies have an admin address and leave their workers. */
class LeftStage implements AsyncDisposable {
  readonly admin: Admin;
  readonly #stage: ConsoleStage;
  readonly #proxy: Proxy;
  readonly #address: string;
  /** Workers that were left, of which some may live still. */
  readonly left: number[] = [];
  #url: URL | null = null;

  private constructor(stage: ConsoleStage, proxy: Proxy, port: number) {
    this.#stage = stage;
    this.#proxy = proxy;
    this.#address = `127.0.0.1:${port}`;
    this.admin = new Admin(port);
  }

  static async create(
    signal: AbortSignal,
    proxy: Proxy = "nova-novncproxy",
    conf = {},
  ): Promise<LeftStage> {
    const limits = { max_sessions_per_token: 1000, max_connections_per_address: 1000 };
    const stage = await ConsoleStage.create(signal, { on_stop: "leave", ...limits, ...conf });
    return new LeftStage(stage, proxy, await freePort());
  }

  get folder(): string {
    return this.#stage.installation.directory.file("left-workers");
  }

  start(adminListen = true): Promise<Child> {
    const args = adminListen ? ["--console_proxy-admin_listen", this.#address] : [];
    return this.#stage.start(this.#proxy, args);
  }

  async leave(child: Child): Promise<void> {
    this.left.push(...(await leave(child)));
  }

  async restart(child: Child): Promise<Child> {
    await this.leave(child);
    return this.start();
  }

  async open(count: number): Promise<Screen[]> {
    const url = (this.#url ??= await this.#stage.authorize(this.#proxy));
    const screens: Screen[] = [];
    for (let index = 0; index < count; index++)
      screens.push(await this.#stage.open(this.#proxy, url));
    return screens;
  }

  endLeft(...args: readonly string[]): ReturnType<typeof runProgram> {
    const { confPath } = this.#stage.installation;
    return runProgram(this.#proxy, ["--config-file", confPath, "end-left", ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.left) if (isAlive(worker)) process.kill(worker, "SIGKILL");
    await this.#stage[Symbol.asyncDispose]();
  }
}

/** Asks again and again how many sessions there are. @returns stops it: all answers that came */
function watchCounts(admin: Admin): () => Promise<{ listed: number[]; counted: number[] }> {
  const listed: number[] = [];
  const counted: number[] = [];
  const over = new AbortController();
  const watching = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      await Promise.all([
        // Between two programs nobody listens.
        admin.sessions().then(
          (sessions) => listed.push(sessions.length),
          () => undefined,
        ),
        admin.metric("nova_console_sessions", 'state="open"').then(
          (count) => counted.push(count),
          () => undefined,
        ),
      ]);
      await turn();
    }
  })();
  return async () => {
    over.abort();
    await watching;
    return { listed, counted };
  };
}

describe("workers that were left", { timeout: 8 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const signal = AbortSignal.timeout(8 * TIMEOUT_MS);

  it(
    "are seen at the admin address throughout two restarts of 100 consoles",
    { timeout },
    async () => {
      await using stage = await LeftStage.create(signal, "nova-novncproxy", { workers: 2 });
      const oldest = await stage.start();
      const screens = await stage.open(100);
      const [first = null] = await stage.admin.sessions();
      const stopWatching = watchCounts(stage.admin);
      await stage.restart(await stage.restart(oldest));
      const { listed, counted } = await stopWatching();
      assert.deepEqual([...new Set(listed)], [100]);
      assert.deepEqual([...new Set(counted)], [100]);
      assert.ok((await stage.admin.sessions()).every(({ left }) => left));
      assert.equal(
        (await stage.admin.ask(`/v1/sessions/${first?.id ?? ""}`, "DELETE")).status,
        204,
      );
      await Promise.race(screens.map((screen) => screen.closed));
      await until("99 sessions", async () => (await stage.admin.sessions()).length === 99);
      assert.equal(await stage.admin.metric("nova_console_sessions", 'state="open"'), 99);
      assert.equal(await stage.admin.metric("nova_console_sessions_ended_total", "operator"), 1);
      assert.equal(await stage.admin.metric("nova_console_sessions_opened_total"), 0);
      await oldest.printed(/session closed .*reason=ended-by-operator/);
    },
  );

  for (const proxy of ["nova-novncproxy", "nova-xvpvncproxy"] satisfies Proxy[]) {
    it(
      `are ended by ${proxy} end-left, and the consoles of the running one go on`,
      { timeout },
      async () => {
        await using stage = await LeftStage.create(signal, proxy);
        const old = await stage.start();
        const screens = await stage.open(2);
        await stage.restart(old);
        const [own] = await stage.open(1);
        const { status, stdout, stderr } = await stage.endLeft();
        assert.deepEqual([status, stderr], [0, ""]);
        assert.match(stdout, /^worker \d+: ending 2 consoles\nworker \d+ has ended\n$/);
        // A WebSocket has a code for it; on 6081 the connection just ends.
        if (proxy === "nova-novncproxy") {
          for (const screen of screens) assert.equal(await screen.closed, 1012);
        }
        await gone(stage.left);
        await own?.echoes();
        assert.deepEqual(await readdir(stage.folder), []);
        const again = await stage.endLeft();
        assert.deepEqual(
          [again.status, again.stdout],
          [0, "no worker of an earlier start is left\n"],
        );
      },
    );
  }

  it(
    "are killed by end-left if they hang, after the time that it was given",
    { timeout },
    async () => {
      await using stage = await LeftStage.create(signal);
      const old = await stage.start();
      const [screen] = await stage.open(1);
      await stage.leave(old);
      // It was there before the primary process went: the next start misses none.
      assert.equal((await readdir(stage.folder)).length, 1);
      for (const worker of stage.left) process.kill(worker, "SIGSTOP");
      const { status, stdout } = await stage.endLeft("--timeout", "1");
      assert.equal(status, 0);
      assert.match(stdout, /did not end in time and was killed/);
      await screen?.closed;
      await gone(stage.left);
    },
  );

  it(
    "cost the admin address nothing while they hang, and are shown as they were",
    { timeout },
    async () => {
      await using stage = await LeftStage.create(signal);
      const old = await stage.start();
      await stage.open(3);
      await stage.restart(old);
      assert.equal((await stage.admin.sessions()).length, 3);
      const [worker = 0] = stage.left;
      process.kill(worker, "SIGSTOP");
      await until("the worker to be found silent", async () => {
        return (await stage.admin.metric("nova_console_left_workers", 'state="silent"')) === 1;
      });
      const startedMs = performance.now();
      for (let count = 0; count < 5; count++) {
        const { body } = await stage.admin.ask("/v1/sessions");
        const list = JSON.parse(body) as { sessions: object[]; silent_workers: number[] };
        assert.equal(list.sessions.length, 3);
        assert.deepEqual(list.silent_workers, [worker]);
      }
      assert.ok(performance.now() - startedMs < 5 * SOON_MS);
      process.kill(worker, "SIGCONT");
      await until("the worker to answer again", async () => {
        return (await stage.admin.metric("nova_console_left_workers", 'state="answering"')) === 1;
      });
    },
  );

  it("are seen if they were started without an admin address", { timeout }, async () => {
    await using stage = await LeftStage.create(signal);
    const old = await stage.start(false);
    await stage.open(2);
    await stage.restart(old);
    assert.equal((await stage.admin.sessions()).length, 2);
    assert.equal(await stage.admin.metric("nova_console_sessions", 'state="open"'), 2);
  });

  it(
    "are seen if their primary process was killed, and say so in their title",
    { timeout },
    async () => {
      await using stage = await LeftStage.create(signal);
      const old = await stage.start();
      await stage.open(2);
      const [worker = 0] = await descendants(old.pid);
      stage.left.push(worker);
      process.kill(old.pid, "SIGKILL");
      await old.exited;
      await until("the worker's title", async () => {
        const title = await readFile(`/proc/${worker}/cmdline`, "latin1");
        return title.startsWith("nova-novncproxy: orphan");
      });
      await stage.start();
      assert.equal((await stage.admin.sessions()).length, 2);
    },
  );

  it(
    "leave no socket behind, killed or not, and let only their user ask",
    { timeout },
    async () => {
      await using stage = await LeftStage.create(signal);
      const old = await stage.start();
      await stage.open(1);
      const child = await stage.restart(old);
      const [worker = 0] = stage.left;
      const name = (await readdir(stage.folder)).find((each) => each.endsWith(`-${worker}.sock`));
      assert.equal((await stat(stage.folder)).mode & 0o777, 0o700);
      assert.equal((await stat(`${stage.folder}/${name ?? ""}`)).mode & 0o777, 0o600);
      process.kill(worker, "SIGKILL");
      await gone([worker]);
      await until(
        "the session to be gone",
        async () => (await stage.admin.sessions()).length === 0,
      );
      assert.deepEqual(await readdir(stage.folder), []);
      await stage.leave(child);
      await gone(stage.left);
      assert.deepEqual(await readdir(stage.folder), []);
    },
  );

  it("have a folder that another user cannot have made for them", { timeout }, async () => {
    await using stage = await LeftStage.create(signal);
    await mkdir(stage.folder);
    await chmod(stage.folder, 0o777);
    const child = await stage.start();
    await child.printed(
      /WARNING .*left-workers must be a folder that only the user of the service/,
    );
    const [screen] = await stage.open(1);
    await stage.leave(child);
    await screen?.echoes();
    assert.deepEqual(await readdir(stage.folder), []);
  });
});
