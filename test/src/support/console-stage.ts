import { ScriptedBackend, endedByProxy } from "./scripted-backend.ts";
import type { Child } from "./child.ts";
import { Installation } from "./installation.ts";
import type { NovaConf } from "./nova-conf.ts";
import { RfbViewer } from "./rfb-viewer.ts";
import { openWebSocket, webSocketUrl } from "./web-socket-viewer.ts";
import { openXvp } from "./xvp-viewer.ts";

/** One of the two proxies. */
export type Proxy = "nova-novncproxy" | "nova-xvpvncproxy";

/** A console that is open, whichever way it came. */
export interface Screen {
  /** Types something, and waits for its echo. */
  echoes(): Promise<void>;
  /** Closes it from the viewer's side. */
  close(): void;
  /** Its connection is over. With a WebSocket: by which code. */
  readonly closed: Promise<number | null>;
}

/** An installation with an instance that echoes what is typed, for proxies that come and go. */
export class ConsoleStage implements AsyncDisposable {
  readonly installation: Installation;
  readonly #owned: AsyncDisposableStack;
  readonly #backend: ScriptedBackend;
  readonly #signal: AbortSignal;

  private constructor(
    installation: Installation,
    owned: AsyncDisposableStack,
    backend: ScriptedBackend,
    signal: AbortSignal,
  ) {
    this.installation = installation;
    this.#owned = owned;
    this.#backend = backend;
    this.#signal = signal;
  }

  /** @param consoleProxy - of `[console_proxy]` */
  static async create(
    signal: AbortSignal,
    consoleProxy: NovaConf[string] = {},
  ): Promise<ConsoleStage> {
    const owned = new AsyncDisposableStack();
    const backend = owned.use(
      await ScriptedBackend.start({
        run: (socket) => {
          socket.on("data", (bytes) => socket.write(bytes));
          return endedByProxy(socket);
        },
      }),
    );
    const installation = owned.use(
      await Installation.create({ conf: { console_proxy: consoleProxy } }),
    );
    return new ConsoleStage(installation, owned, backend, signal);
  }

  /** Starts a proxy, and waits until it takes clients. */
  async start(
    proxy: Proxy,
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    return proxy === "nova-novncproxy"
      ? this.installation.startNovncproxy(args, environment)
      : this.installation.startXvpvncproxy(args, environment);
  }

  portOf(proxy: Proxy): number {
    const { novncPort, xvpPort } = this.installation;
    return proxy === "nova-novncproxy" ? novncPort : xvpPort;
  }

  /** A new token's access URL. */
  authorize(proxy: Proxy): Promise<URL> {
    const type = proxy === "nova-novncproxy" ? "novnc" : "xvpvnc";
    return this.installation.authorize(this.#backend.endpoint, { type });
  }

  /** Opens a console as the proxy's own viewers do. */
  async open(proxy: Proxy, url: URL): Promise<Screen> {
    if (proxy === "nova-novncproxy") {
      const { webSocket, channel, closed } = await openWebSocket(webSocketUrl(url));
      const viewer = await RfbViewer.open(channel, this.#signal);
      return {
        echoes: () => echo(viewer),
        close: () => {
          webSocket.close();
        },
        closed: closed.then(({ code }) => code),
      };
    }
    const { channel } = await openXvp({ method: "CONNECT", url }, this.#signal);
    const closed = new Promise<null>((resolve) => {
      channel.once("close", () => {
        resolve(null);
      });
    });
    const viewer = await RfbViewer.open(channel, this.#signal);
    return { echoes: () => echo(viewer), close: () => channel.destroy(), closed };
  }

  /** Waits until a proxy has answered a request. */
  async answers(port: number): Promise<void> {
    await fetch(`http://127.0.0.1:${port}/console?token=x`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

async function echo(viewer: RfbViewer): Promise<void> {
  viewer.typeKey(0x61);
  await viewer.readExact(16);
}
