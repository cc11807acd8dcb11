import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { dial } from "./tcp.ts";

/** From the first byte of a burst to its delivery. */
const BURST_MS = 250;

/**
 * A way to a port of this machine that delivers what comes from there in bursts, as a network does
 * that lost a packet: all that is sent within {@link BURST_MS} arrives at once.
 */
export class BurstyNetwork implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(toPort: number): Promise<BurstyNetwork> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const network = new BurstyNetwork(server);
    server.on("connection", (viewer) => {
      void network.#carry(viewer, toPort);
    });
    return network;
  }

  async #carry(viewer: Socket, toPort: number): Promise<void> {
    viewer.on("error", () => undefined);
    const proxy = await dial({ host: "127.0.0.1", port: toPort });
    for (const socket of [viewer, proxy]) this.#sockets.add(socket);
    viewer.pipe(proxy);
    let held: Buffer[] = [];
    const deliver = (): void => {
      viewer.write(Buffer.concat(held));
      held = [];
    };
    let burst: NodeJS.Timeout | undefined;
    proxy.on("data", (bytes: Buffer) => {
      if (held.length === 0) burst = setTimeout(deliver, BURST_MS);
      held.push(bytes);
    });
    proxy.on("close", () => {
      clearTimeout(burst);
      viewer.end(Buffer.concat(held));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
