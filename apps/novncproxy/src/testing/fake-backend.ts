import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { ByteReader } from "@nova-console/byte-stream";

/** Runs an RFB server's handshake up to SecurityResult; null leaves the connection to the test. */
type Handshake = ((socket: Socket, signal: AbortSignal) => Promise<void>) | null;

/** A VNC server that speaks the handshake and leaves the rest to the test. */
export class FakeBackend {
  readonly #server: Server;
  readonly #waiting: ((socket: Socket) => void)[] = [];
  readonly #ready: Socket[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #stopping = new AbortController();

  private constructor(handshake: Handshake) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      const shaken =
        handshake === null ? Promise.resolve() : handshake(socket, this.#stopping.signal);
      shaken.then(
        () => {
          const waiting = this.#waiting.shift();
          if (waiting === undefined) this.#ready.push(socket);
          else waiting(socket);
        },
        () => socket.destroy(),
      );
    });
  }

  static async start(handshake: Handshake = offerNone): Promise<FakeBackend> {
    const backend = new FakeBackend(handshake);
    backend.#server.listen(0, "127.0.0.1");
    await once(backend.#server, "listening");
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections so far. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The next connection whose handshake is done: ClientInit is the next to read. */
  async next(): Promise<Socket> {
    return this.#ready.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#stopping.abort();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function offerNone(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write("RFB 003.008\n");
  const reader = new ByteReader(socket, signal);
  try {
    await reader.readExact(12);
    socket.write(Buffer.of(1, 1));
    await reader.readExact(1);
    socket.write(Buffer.alloc(4));
  } finally {
    reader.release();
  }
}

/** An RFB server that takes nobody, and says why. */
export function refuseWith(reason: string): Handshake {
  return async (socket, signal) => {
    socket.write("RFB 003.008\n");
    const reader = new ByteReader(socket, signal);
    await reader.readExact(12);
    reader.release();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(reason.length);
    socket.write(Buffer.concat([Buffer.of(0), length, Buffer.from(reason)]));
  };
}
