import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { RfbViewer } from "./rfb-viewer.ts";
import { ScriptedBackend } from "./scripted-backend.ts";
import { openWebSocket, webSocketUrl } from "./web-socket-viewer.ts";
import { openXvp } from "./xvp-viewer.ts";

/** RFC 6143 §7.5.4 */
const KEY_EVENT_BYTES = 8;
const TICK_MS = 10;

/** How a question to a program ended: served, or refused with a reason. */
export interface Ended {
  readonly what: "6080" | "6081" | "consoleauth";
  readonly served: boolean;
  readonly reason: string;
  readonly startedAt: number;
  readonly tookMs: number;
}

/** What {@link StoreLoad} has seen. */
export interface Seen {
  /** Milliseconds from a key press to its echo. */
  readonly echoes: number[];
  readonly opens: Ended[];
}

/** The HTTP API of a nova-consoleauth. */
export interface Api {
  /** `http://HOST:PORT` */
  readonly base: string;
  readonly secret: string;
}

/** How much of everything. */
export interface Load {
  readonly consoles: number;
  readonly opensPerSecond: number;
  readonly keysPerSecond: number;
  /** After which a question has not been answered at all. */
  readonly limitMs: number;
}

/** Consoles that are open while others are opened, on both ports, and authorized at nova-consoleauth. */
export class StoreLoad implements AsyncDisposable {
  readonly #api: Api;
  readonly #load: Load;
  readonly #backend: ScriptedBackend;
  readonly #viewers: RfbViewer[] = [];
  readonly #urls: URL[] = [];

  private constructor(api: Api, backend: ScriptedBackend, load: Load) {
    this.#api = api;
    this.#backend = backend;
    this.#load = load;
  }

  /** Opens the consoles. */
  static async start(api: Api, load: Load): Promise<StoreLoad> {
    const backend = await ScriptedBackend.start({
      run: (socket) => {
        socket.pipe(socket);
        return new Promise((resolve) => socket.once("close", resolve));
      },
    });
    const started = new StoreLoad(api, backend, load);
    try {
      await started.renew();
      for (let n = 0; n < load.consoles; n++) {
        // They stay for as long as the load does.
        started.#viewers.push(await started.#open(n % 2, new AbortController().signal));
      }
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens consoles by new tokens from now on. */
  async renew(): Promise<void> {
    const urls = [await this.#authorize("novnc"), await this.#authorize("xvpvnc")];
    this.#urls.splice(0, Infinity, ...urls);
  }

  /** Presses keys and opens consoles at a steady rate until `work` is done, and waits for the answers. */
  async during(work: Promise<unknown>): Promise<Seen> {
    const seen: Seen = { echoes: [], opens: [] };
    const state = { isOver: false };
    const end = (): void => {
      state.isOver = true;
    };
    work.then(end, end);
    const underWay: Promise<void>[] = [];
    const typing = this.#viewers.map((viewer, n) => this.#type(viewer, n, { state, seen }));
    const { opensPerSecond } = this.#load;
    const start = performance.now();
    for (let opened = 0; !state.isOver;) {
      const due = ((performance.now() - start) / 1_000) * opensPerSecond;
      for (; opened < due; opened++) underWay.push(this.#ask(opened, seen));
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    await Promise.all([...underWay, ...typing]);
    await work;
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { channel } of this.#viewers) channel.destroy();
    await this.#backend[Symbol.asyncDispose]();
  }

  /** One key after the other, each when its time has come and the last one is back. */
  async #type(
    viewer: RfbViewer,
    n: number,
    { state, seen }: { state: { readonly isOver: boolean }; seen: Seen },
  ): Promise<void> {
    const pauseMs = 1_000 / this.#load.keysPerSecond;
    await new Promise((resolve) => setTimeout(resolve, (n * pauseMs) / this.#viewers.length));
    while (!state.isOver) {
      const pressed = performance.now();
      const event = Buffer.alloc(KEY_EVENT_BYTES, n);
      event[0] = 4;
      viewer.channel.write(event);
      const echo = await viewer.readExact(KEY_EVENT_BYTES);
      if (!echo.equals(event)) throw new Error(`the echo of console ${n} is another one's`);
      const tookMs = performance.now() - pressed;
      seen.echoes.push(tookMs);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, pauseMs - tookMs)));
    }
  }

  async #ask(n: number, seen: Seen): Promise<void> {
    const what = (["6080", "6081", "consoleauth"] as const)[n % 3] ?? "6080";
    const startedAt = performance.now();
    let reason = "";
    try {
      if (what === "consoleauth") await this.#authorize("novnc");
      else {
        const signal = AbortSignal.timeout(this.#load.limitMs);
        (await this.#open(what === "6080" ? 0 : 1, signal)).channel.destroy();
      }
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    const tookMs = performance.now() - startedAt;
    seen.opens.push({ what, served: reason === "", reason, startedAt, tookMs });
  }

  async #open(port: number, signal: AbortSignal): Promise<RfbViewer> {
    const url = this.#urls[port];
    if (url === undefined) throw new Error("there is no token yet");
    if (port === 0) {
      const { channel } = await openWebSocket(webSocketUrl(url));
      return RfbViewer.open(channel, signal);
    }
    const { status, head, channel } = await openXvp({ method: "CONNECT", url }, signal);
    if (status === 200) return RfbViewer.open(channel, signal);
    channel.destroy();
    throw new Error(head.split("\r\n", 1)[0]);
  }

  async #authorize(type: string): Promise<URL> {
    const { host, port } = this.#backend.endpoint;
    // All of one instance: a port that is given to another one revokes the tokens of the last.
    const body = { instance_uuid: INSTANCE, host, port, console_type: type, ttl: 3_600 };
    const response = await fetch(`${this.#api.base}/v1/consoles`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#api.secret}` },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(this.#load.limitMs),
    });
    const answer = (await response.json()) as { url?: string; error?: string };
    if (response.status !== 201) throw new Error(`${response.status} ${answer.error ?? ""}`);
    return new URL(answer.url ?? "");
  }
}

const INSTANCE = randomUUID();
