import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import type { Child } from "./child.ts";
import { Installation } from "./installation.ts";
import { descendants } from "./memory.ts";
import type { NovaConf } from "./nova-conf.ts";
import { RfbViewer } from "./rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "./scripted-backend.ts";
import { ownerOfPeer } from "./socket-owner.ts";
import { until } from "./until.ts";
import { openWebSocket, webSocketUrl, type WebSocketViewer } from "./web-socket-viewer.ts";

const WORKERS = 2;
/** Consoles opened until each of two workers has one: that one gets them all happens once in 2^59 times. */
const MOST_OPENS = 60;

/** A console that is open. */
export interface OpenConsole {
  readonly viewer: RfbViewer;
  readonly webSocket: WebSocketViewer;
  /** Process that has it. */
  readonly worker: number;
}

/** nova-novncproxy with two workers, if not told otherwise, and a backend that echoes. */
export class WorkersStage implements AsyncDisposable {
  readonly installation: Installation;
  readonly proxy: Child;
  readonly #owned: AsyncDisposableStack;
  readonly #backend: ScriptedBackend;
  readonly #signal: AbortSignal;
  readonly #sockets: Socket[];

  private constructor(
    installation: Installation,
    proxy: Child,
    parts: {
      owned: AsyncDisposableStack;
      backend: ScriptedBackend;
      signal: AbortSignal;
      sockets: Socket[];
    },
  ) {
    this.installation = installation;
    this.proxy = proxy;
    this.#owned = parts.owned;
    this.#backend = parts.backend;
    this.#signal = parts.signal;
    this.#sockets = parts.sockets;
  }

  /**
   * @param consoleProxy - of `[console_proxy]`
   * @param logFile - below the installation's folder; absent: standard error
   * @param environment - of the proxy, added to this process's own
   */
  static async start(
    signal: AbortSignal,
    consoleProxy: NovaConf[string] = {},
    logFile?: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<WorkersStage> {
    const owned = new AsyncDisposableStack();
    const sockets: Socket[] = [];
    const backend = owned.use(
      await ScriptedBackend.start({
        run: (socket) => {
          sockets.push(socket);
          socket.on("data", (bytes) => socket.write(bytes));
          return endedByProxy(socket);
        },
      }),
    );
    const installation = owned.use(
      await Installation.create({ conf: { console_proxy: { workers: WORKERS, ...consoleProxy } } }),
    );
    const ready = /ready: listening on/;
    if (logFile === undefined) {
      const proxy = await installation.startNovncproxy([], environment);
      await proxy.printed(ready);
      return new WorkersStage(installation, proxy, { owned, backend, signal, sockets });
    }
    const path = installation.directory.file(logFile);
    const proxy = await installation.startNovncproxy(["--log-file", path], environment);
    await until("the workers to be ready", async () => ready.test(await readFile(path, "utf8")));
    return new WorkersStage(installation, proxy, { owned, backend, signal, sockets });
  }

  /** The workers that live; with one process, that one. */
  async workers(): Promise<number[]> {
    const workers = await descendants(this.proxy.pid);
    return workers.length === 0 ? [this.proxy.pid] : workers;
  }

  /** A new token's access URL. */
  authorize(): Promise<URL> {
    return this.installation.authorize(this.#backend.endpoint);
  }

  /** Opens a console, on the worker that the kernel picks. */
  async open(url: URL): Promise<OpenConsole> {
    const webSocket = await openWebSocket(webSocketUrl(url));
    const viewer = await RfbViewer.open(webSocket.channel, this.#signal);
    const socket = this.#sockets.at(-1);
    if (socket === undefined) throw new Error("the backend has no session");
    return { viewer, webSocket, worker: await ownerOfPeer(socket, await this.workers()) };
  }

  /** Opens consoles until each worker has one, and keeps one of each. @returns them by worker */
  async openOnEach(): Promise<Map<number, OpenConsole>> {
    const url = await this.authorize();
    const consoles = new Map<number, OpenConsole>();
    for (let opens = 0; consoles.size < WORKERS; opens++) {
      if (opens === MOST_OPENS) throw new Error("one worker gets all consoles");
      const opened = await this.open(url);
      if (consoles.has(opened.worker)) await closeConsole(opened);
      else consoles.set(opened.worker, opened);
    }
    return consoles;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Closes a console, and waits until its proxy has. */
export async function closeConsole({ webSocket }: OpenConsole): Promise<void> {
  webSocket.webSocket.close();
  await webSocket.closed;
}

/** Types something, and waits for its echo. */
export async function echoes({ viewer }: OpenConsole): Promise<void> {
  viewer.typeKey(0x61);
  await viewer.readExact(16);
}
