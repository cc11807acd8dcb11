import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A server on this machine that is in the way of another one, or in its place. */
export class LoopbackServer implements AsyncDisposable {
  readonly port: number;
  /** How many pieces it was sent. */
  pieces = 0;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** Accepts connections, and says nothing. */
  static silent(): Promise<LoopbackServer> {
    return LoopbackServer.#start((socket) => socket.resume());
  }

  /** Passes everything on to a port of this machine and back. */
  static relayTo(port: number): Promise<LoopbackServer> {
    return LoopbackServer.#start((socket, sockets) => {
      const other = connect({ host: "127.0.0.1", port, noDelay: true });
      sockets.add(other.on("error", () => undefined));
      socket.pipe(other).pipe(socket);
    });
  }

  /** Answers whatever comes with one text, and hangs up. */
  static answering(text: string): Promise<LoopbackServer> {
    return LoopbackServer.#start((socket) => {
      socket.once("data", () => socket.end(text));
    });
  }

  static async #start(
    accept: (socket: Socket, sockets: Set<Socket>) => void,
  ): Promise<LoopbackServer> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true });
    server.listen({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    const loopback = new LoopbackServer(server, sockets);
    server.on("connection", (socket) => {
      sockets.add(socket.on("error", () => undefined));
      socket.on("data", () => loopback.pieces++);
      accept(socket, sockets);
    });
    return loopback;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
