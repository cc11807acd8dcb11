import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { LiveScreen } from "./live-screen.ts";
import { serveViewer } from "./serve-viewer.ts";

/** More viewers than that at a demo are a mistake. */
const MAX_VIEWERS = 64;
const FAREWELL_MS = 1000;

/**
 * A VNC server without a machine behind it: shows what is typed, where the mouse is, and a clock.
 *
 * RFB 3.3, 3.7 and 3.8 with security None, true-colour pixel formats of 8, 16 and 32 bits, the
 * encodings Raw and ZRLE.
 */
export class DemoInstance {
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #screen: LiveScreen;
  readonly #stop: AbortController;

  private constructor(server: Server, screen: LiveScreen, stop: AbortController) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening on TCP");
    this.host = address.address;
    this.port = address.port;
    this.#server = server;
    this.#screen = screen;
    this.#stop = stop;
  }

  /**
   * @param options.port - 0 for any free one
   * @param options.now - the time on its clock
   * @param options.onViewerError - told why a viewer's connection ended, for a log
   * @throws Node's listen error if the port is taken
   */
  static async start(options: {
    readonly host: string;
    readonly port: number;
    readonly now: () => Date;
    readonly onViewerError?: (error: unknown) => void;
  }): Promise<DemoInstance> {
    const screen = new LiveScreen(options.now);
    const stop = new AbortController();
    const server = createServer({ noDelay: true }, (socket) => {
      // Before anything else: an error without a listener ends the process.
      socket.on("error", () => undefined);
      serveViewer(socket, screen, stop.signal)
        .catch((error: unknown) => options.onViewerError?.(error))
        .finally(() => {
          closeGently(socket, stop.signal);
        });
    });
    server.maxConnections = MAX_VIEWERS;
    stop.signal.addEventListener("abort", () => server.close());
    server.listen(options.port, options.host);
    try {
      await once(server, "listening");
    } catch (error) {
      screen.close();
      throw error;
    }
    return new DemoInstance(server, screen, stop);
  }

  /** Sends all viewers away. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#stop.abort();
    this.#screen.close();
    await closed;
  }
}

/** Lets what was written go out first, for a second: it may say why (a refused security type). */
function closeGently(socket: Socket, stop: AbortSignal): void {
  if (stop.aborted) {
    socket.destroy();
    return;
  }
  socket.destroySoon();
  const limit = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once("close", () => {
    clearTimeout(limit);
  });
}
