import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A connection through the relay; nothing passes once it is cut. */
interface Passage {
  readonly client: Socket;
  readonly server: Socket;
  isCut: boolean;
}

/** A network between clients and a server of this machine that breaks in the ways that networks do. */
export class CutRelay implements AsyncDisposable {
  readonly port: number;
  #peak = 0;
  readonly #to: number;
  readonly #passages = new Set<Passage>();
  #listener: Server;
  /** Whether new connections are accepted and their bytes swallowed. */
  #isSilent = false;

  private constructor(listener: Server, to: number) {
    this.port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
    this.#to = to;
    this.#accept();
  }

  /** @param to - a port of 127.0.0.1 */
  static async start(to: number): Promise<CutRelay> {
    return new CutRelay(await listening(0), to);
  }

  /** Most connections that there were at a time. */
  get peak(): number {
    return this.#peak;
  }

  /** Forgets how many there were, but for those that are open. */
  countAnew(): void {
    this.#peak = this.#passages.size;
  }

  /** Ends all connections, and refuses new ones. */
  async refuse(): Promise<void> {
    const closed = once(this.#listener, "close");
    this.#listener.close();
    this.#end();
    await closed;
  }

  /** Swallows what is sent, on connections that there are and on new ones; they stay open. */
  fallSilent(): void {
    this.#isSilent = true;
    this.loseState();
  }

  /** Swallows what is sent on the connections that there are, as a firewall does that lost its state. */
  loseState(): void {
    for (const passage of this.#passages) passage.isCut = true;
  }

  /** Works again: what was swallowed is lost, and the connections that were cut end. */
  async mend(): Promise<void> {
    this.#isSilent = false;
    for (const { isCut, client } of this.#passages) if (isCut) client.destroy();
    if (this.#listener.listening) return;
    this.#listener = await listening(this.port);
    this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listener.listening) await this.refuse();
    this.#end();
  }

  #accept(): void {
    this.#listener.on("connection", (client) => {
      const server = connect({ host: "127.0.0.1", port: this.#to, noDelay: true });
      const passage = { client, server, isCut: this.#isSilent };
      this.#passages.add(passage);
      this.#peak = Math.max(this.#peak, this.#passages.size);
      for (const [from, into] of [
        [client, server],
        [server, client],
      ] as const) {
        from.on("error", () => undefined);
        from.on("data", (bytes) => {
          if (!passage.isCut) into.write(bytes);
        });
        from.on("end", () => {
          if (!passage.isCut) into.end();
        });
        from.on("close", () => {
          this.#passages.delete(passage);
          // A peer behind a network that swallows does not hear of it.
          if (!passage.isCut || from === client) into.destroy();
        });
      }
    });
  }

  #end(): void {
    for (const { client, server } of this.#passages) {
      client.destroy();
      server.destroy();
    }
  }
}

async function listening(port: number): Promise<Server> {
  const server = createServer({ noDelay: true });
  server.listen({ host: "127.0.0.1", port });
  await once(server, "listening");
  return server;
}
