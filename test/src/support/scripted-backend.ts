import { ByteReader } from "@nova-console/byte-stream";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { readByPeer } from "./tcp.ts";
import type { Endpoint } from "./vnc-server.ts";

/** 16 x 16 pixels, 32 bits, named "scripted". RFC 6143 §7.3.2 */
const SERVER_INIT = Buffer.from(
  `00100010 20180001 00ff00ff 00ff1008 00000000 00000008 ${Buffer.from("scripted").toString("hex")}`.replaceAll(
    " ",
    "",
  ),
  "hex",
);
const SESSION_LIMIT_MS = 120_000;

/** What a backend does that no real VNC server can be asked to do. */
export interface Script {
  /** ProtocolVersion as it stands on the wire, without the line's end. */
  readonly banner?: string;
  /** Each byte of the handshake is read by the proxy before the next one is sent. */
  readonly byteByByte?: boolean;
  /** The hypervisor's proxy in front of it: the path it must be asked for first. */
  readonly internalAccessPath?: string;
  /** Instead of a console: ends the connection at this point. */
  readonly hangUp?: "at once" | "after banner";
  /** What it does once the viewer is in. The connection is ended after it. */
  run?(socket: Socket): Promise<void>;
}

/** A VNC server that follows a script, for faults and for versions that no installed one speaks. */
export class ScriptedBackend implements AsyncDisposable {
  readonly endpoint: Endpoint;
  /** What went wrong in a session, on the backend's side. */
  readonly failures: unknown[] = [];
  /** How often it was connected to. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, endpoint: Endpoint) {
    this.#server = server;
    this.endpoint = endpoint;
  }

  /** @param host - a loopback address of either family */
  static async start(script: Script, host = "127.0.0.1"): Promise<ScriptedBackend> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen({ host, port: 0 });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const backend = new ScriptedBackend(server, { host, port });
    server.on("connection", (socket) => {
      backend.connections++;
      backend.#sockets.add(socket);
      socket.on("error", () => undefined);
      perform(script, socket).catch((error: unknown) => {
        backend.failures.push(error);
        socket.destroy();
      });
    });
    return backend;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Waits until the proxy has ended its side, in whatever way; the socket must be read meanwhile. */
export function endedByProxy(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("end", resolve).once("close", () => {
      resolve();
    });
  });
}

async function perform(script: Script, socket: Socket): Promise<void> {
  const reader = new ByteReader(socket, AbortSignal.timeout(SESSION_LIMIT_MS));
  if (script.hangUp === "at once") {
    socket.end();
    return;
  }
  const send = async (bytes: Buffer): Promise<void> => {
    if (script.byteByByte !== true) socket.write(bytes);
    else for (const byte of bytes) await sendAlone(socket, byte);
  };
  if (script.internalAccessPath !== undefined) {
    const expected = `CONNECT ${script.internalAccessPath} HTTP/1.1\r\n\r\n`;
    const asked = (await reader.readExact(expected.length)).toString();
    if (asked !== expected) throw new Error(`was asked ${JSON.stringify(asked)}`);
    await send(Buffer.from("HTTP/1.1 200 OK\r\nServer: hypervisor\r\n\r\n"));
  }
  const banner = `${script.banner ?? "RFB 003.008"}\n`;
  await send(Buffer.from(banner));
  if (script.hangUp === "after banner") {
    socket.end();
    return;
  }
  await admit(banner, reader, send);
  await reader.readExact(1);
  await send(SERVER_INIT);
  reader.release();
  await script.run?.(socket);
  socket.end();
  socket.resume();
}

/** Security type None, as the version that the proxy answers with has it. RFC 6143 §7.1.2, appendix A */
async function admit(
  banner: string,
  reader: ByteReader,
  send: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  const answered = (await reader.readExact(12)).toString();
  if (answered > banner) throw new Error(`was answered ${answered.trim()} to ${banner.trim()}`);
  if (answered === "RFB 003.003\n") {
    await send(Buffer.of(0, 0, 0, 1));
    return;
  }
  await send(Buffer.of(1, 1));
  const chosen = await reader.readU8();
  if (chosen !== 1) throw new Error(`the proxy chose security type ${chosen}`);
  if (answered === "RFB 003.008\n") await send(Buffer.alloc(4));
}

async function sendAlone(socket: Socket, byte: number): Promise<void> {
  socket.write(Buffer.of(byte));
  await readByPeer(socket);
}
