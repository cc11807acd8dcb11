import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { dial } from "./tcp.ts";

/** A way to a port of this machine that is slow, or loses its connections without a word. */
export class FaultyNetwork implements AsyncDisposable {
  readonly port: number;
  /** How much later each byte from there arrives. */
  delayMs = 0;
  /** Connections that were made since the start. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  readonly #lost = new WeakSet<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(toPort: number): Promise<FaultyNetwork> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const network = new FaultyNetwork(server);
    server.on("connection", (client) => {
      void network.#carry(client, toPort);
    });
    return network;
  }

  /**
   * Forgets the connections that there are, as a firewall that lost its state: no byte and no end of them
   * arrives any more, in either direction. New ones work.
   */
  loseConnections(): void {
    for (const socket of this.#sockets) this.#lost.add(socket);
  }

  /** The same, but that the client is told by a reset: only the service holds its connections for alive. */
  resetClients(): void {
    this.loseConnections();
    for (const client of this.#clients) client.resetAndDestroy();
  }

  /** Ends the connections that there are, as a load balancer's timeout does. New ones work. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #carry(client: Socket, toPort: number): Promise<void> {
    this.connections += 1;
    client.on("error", () => undefined);
    const service = await dial({ host: "127.0.0.1", port: toPort }).catch(() => null);
    if (service === null) {
      client.destroy();
      return;
    }
    for (const socket of [client, service]) this.#sockets.add(socket);
    this.#clients.add(client);
    client.on("close", () => this.#clients.delete(client));
    this.#forward(client, service, () => 0);
    this.#forward(service, client, () => this.delayMs);
  }

  #forward(from: Socket, to: Socket, delayMs: () => number): void {
    const later = (deliver: () => void): void => {
      if (this.#lost.has(from)) return;
      if (delayMs() === 0) deliver();
      else setTimeout(deliver, delayMs());
    };
    from.on("data", (bytes: Buffer) => {
      later(() => to.write(bytes));
    });
    from.on("close", () => {
      this.#sockets.delete(from);
      later(() => to.destroy());
    });
    from.on("end", () => {
      later(() => to.end());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
