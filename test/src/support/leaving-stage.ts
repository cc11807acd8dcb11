import { readdir, readlink } from "node:fs/promises";
import type { Socket } from "node:net";
import { Admin } from "./admin.ts";
import type { Child } from "./child.ts";
import { Installation } from "./installation.ts";
import { startLeavingBackends } from "./leaving-backends.ts";
import { converse, type Conversation, type Leaving } from "./leaving-viewers.ts";
import { descendants } from "./memory.ts";
import type { NovaConf } from "./nova-conf.ts";
import { until } from "./until.ts";

const SESSIONS_PER_TOKEN = 12;
const AT_A_TIME = 48;
const OPENING_LIMIT_MS = 10_000;

/** One port's proxy, and what it had open before. */
interface Proxy {
  readonly port: "6080" | "6081";
  readonly child: Child;
  readonly admin: Admin;
  readonly urls: readonly URL[];
  openBefore: number;
}

/** Both proxies, and backends of every behaviour, for viewers that leave. */
export class LeavingStage implements AsyncDisposable {
  readonly #owned: AsyncDisposableStack;
  readonly #proxies: readonly Proxy[];
  readonly #sockets: Socket[] = [];
  #random: () => number;

  private constructor(owned: AsyncDisposableStack, proxies: readonly Proxy[], seed: number) {
    this.#owned = owned;
    this.#proxies = proxies;
    this.#random = randomOf(seed);
  }

  /** @param consoleProxy - of `[console_proxy]` */
  static async start(seed: number, consoleProxy: NovaConf[string] = {}): Promise<LeavingStage> {
    const owned = new AsyncDisposableStack();
    const backends = await startLeavingBackends(owned);
    const proxies: Proxy[] = [];
    for (const port of ["6080", "6081"] as const) {
      const installation = owned.use(await Installation.create());
      const admin = installation.directory.file("admin.sock");
      const conf = {
        ...{ workers: 1, handshake_timeout: 3, connect_timeout: 2, admin_listen: `unix:${admin}` },
        ...{ max_sessions_per_token: SESSIONS_PER_TOKEN, max_connections_per_address: 10_000 },
        ...consoleProxy,
      };
      await installation.configure({ DEFAULT: { debug: "false" }, console_proxy: conf });
      const type = port === "6080" ? "novnc" : "xvpvnc";
      const urls: URL[] = [];
      for (const { endpoint } of backends)
        urls.push(await installation.authorize(endpoint, { type }));
      const child =
        port === "6080"
          ? await installation.startNovncproxy()
          : await installation.startXvpvncproxy();
      proxies.push({ port, child, admin: new Admin(admin), urls, openBefore: 0 });
    }
    const stage = new LeavingStage(owned, proxies, seed);
    for (const proxy of proxies) proxy.openBefore = await openSockets(proxy.child.pid);
    return stage;
  }

  /**
   * Holds so many conversations, each of which ends in one of these ways at a random byte.
   *
   * @param halfCloses - whether sessions on 6081 are half-closed, which last up to 10 s
   */
  async converse(count: number, leavings: readonly Leaving[], halfCloses = true): Promise<void> {
    let started = 0;
    const one = async (): Promise<void> => {
      while (started < count) {
        const picked = this.#pick(started++, leavings);
        const inHandshake = !halfCloses && picked.port === "6081" && picked.leaving !== "RST";
        this.#sockets.push(await converse({ ...picked, inHandshake }));
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, one));
  }

  /**
   * Waits until a proxy has no session and no connection but those it had before.
   *
   * @returns milliseconds
   */
  async emptied(port: "6080" | "6081", limitMs: number): Promise<number> {
    const { admin, child, openBefore } = this.#proxy(port);
    const start = performance.now();
    let seen = "";
    const isEmpty = async (): Promise<boolean> => {
      const sessions = await admin.sessions();
      const open = (await openSockets(child.pid)) - openBefore;
      seen = `${sessions.length} sessions, ${open} connections`;
      return sessions.length === 0 && open <= 0;
    };
    await until("the proxy to be empty", isEmpty, limitMs).catch((error: unknown) => {
      throw new Error(`${port} after ${limitMs} ms: ${seen}`, { cause: error });
    });
    return performance.now() - start;
  }

  /** Opens as many sessions of each token as it may have: a slot that was not given back is missed. */
  async allSlotsAreFree(port: "6080" | "6081"): Promise<boolean> {
    const { admin, urls } = this.#proxy(port);
    // A backend that ends at once frees its slots by itself.
    const lasting = urls.slice(1).flatMap((url) => Array<URL>(SESSIONS_PER_TOKEN).fill(url));
    const opened = await Promise.all(
      lasting.map((url) =>
        converse({ url, port, leaving: "silence", inStep: true, reads: true, part: 1 }),
      ),
    );
    const areOpen = async (): Promise<boolean> => {
      const sessions = await admin.sessions();
      return sessions.filter(({ state }) => state === "open").length === lasting.length;
    };
    const areFree = await until("all slots", areOpen, OPENING_LIMIT_MS).then(
      () => true,
      () => false,
    );
    for (const socket of opened) socket.resetAndDestroy();
    await until("the sessions to end", async () => (await admin.sessions()).length === 0);
    return areFree;
  }

  #pick(number: number, leavings: readonly Leaving[]): Conversation {
    const random = this.#random;
    const { port, urls } = this.#proxies[number % 2] ?? this.#proxy("6080");
    return {
      port,
      url: urls[Math.floor(random() * urls.length)] ?? new URL("http://127.0.0.1"),
      leaving: leavings[Math.floor(random() * leavings.length)] ?? "RST",
      inStep: random() < 0.5,
      reads: random() < 0.5,
      part: random() < 0.4 ? 1 : random(),
    };
  }

  #proxy(port: "6080" | "6081"): Proxy {
    const proxy = this.#proxies.find((each) => each.port === port);
    if (proxy === undefined) throw new Error(`there is no proxy on ${port}`);
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#owned.disposeAsync();
  }
}

/** Sockets that a program and its workers have open. */
async function openSockets(pid: number): Promise<number> {
  let count = 0;
  for (const each of [pid, ...(await descendants(pid))]) {
    for (const fd of await readdir(`/proc/${each}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${each}/fd/${fd}`).catch(() => "");
      if (target.startsWith("socket:")) count += 1;
    }
  }
  return count;
}

/** The same numbers for the same seed, so that a failure can be looked at again. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
