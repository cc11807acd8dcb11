import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A WebSocket frame as it is on the wire. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Opcodes, RFC 6455 §11.8. */
export const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** A client that says what a test wants to the byte, and shows what comes back. */
export class RawClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake = (): void => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
    const client = new RawClient(socket);
    await once(socket, "connect");
    return client;
  }

  /** Opens, sends, and reads to the end. */
  static async ask(port: number, request: string | Buffer): Promise<string> {
    const client = await RawClient.connect(port);
    client.socket.write(request);
    return client.rest();
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Everything up to the end of the connection. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more();
    this.socket.destroy();
    return this.#take(this.#received.length).toString("latin1");
  }

  /** An HTTP response's head, up to and with its empty line. */
  async head(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end !== -1) return this.#take(end + 4).toString("latin1");
      await this.#orEnd("an HTTP head");
    }
  }

  /** A response with Content-Length: head and body. */
  async response(): Promise<{ head: string; body: string }> {
    const head = await this.head();
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    return { head, body: (await this.bytes(length)).toString("utf8") };
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#received.length < count) await this.#orEnd(`${count} bytes`);
    return this.#take(count);
  }

  /** The next frame of the server: not masked, whole. */
  async frame(): Promise<Frame> {
    const start = await this.bytes(2);
    const first = start.readUInt8(0);
    let length = start.readUInt8(1);
    if (length === 126) length = (await this.bytes(2)).readUInt16BE(0);
    else if (length === 127) length = Number((await this.bytes(8)).readBigUInt64BE(0));
    return { opcode: first & 0x0f, payload: await this.bytes(length) };
  }

  /** The payload of the next frame, which must be a binary one. */
  async binary(): Promise<Buffer> {
    const { opcode, payload } = await this.frame();
    if (opcode !== opcodes.binary) {
      throw new Error(`frame of opcode ${opcode}: ${payload.toString("latin1")}`);
    }
    return payload;
  }

  /** Code and reason of the next frame, which must be a close frame. */
  async close(): Promise<[code: number, reason: string]> {
    const { opcode, payload } = await this.frame();
    if (opcode !== opcodes.close) throw new Error(`frame of opcode ${opcode}`);
    return [payload.readUInt16BE(0), payload.subarray(2).toString("utf8")];
  }

  async #orEnd(awaited: string): Promise<void> {
    if (this.#ended) throw new Error(`connection ended before ${awaited}`);
    await this.#more();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(count: number): Buffer {
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }
}

/** What a frame may be other than a masked, final, binary one. */
export interface FrameOptions {
  readonly opcode?: number;
  readonly final?: boolean;
  readonly masked?: boolean;
}

/** Encodes a frame as a viewer sends it. */
export function frame(payload: Buffer | string, options: FrameOptions = {}): Buffer {
  const { opcode = opcodes.binary, final = true, masked = true } = options;
  const bytes = Buffer.from(payload);
  const maskBit = masked ? 0x80 : 0;
  const first = (final ? 0x80 : 0) | opcode;
  let start: Buffer;
  if (bytes.length < 126) start = Buffer.of(first, maskBit | bytes.length);
  else if (bytes.length < 65_536) {
    start = Buffer.of(first, maskBit | 126, bytes.length >> 8, bytes.length & 0xff);
  } else {
    start = Buffer.alloc(10);
    start.set([first, maskBit | 127]);
    start.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  if (!masked) return Buffer.concat([start, bytes]);
  const mask = Buffer.of(0x12, 0x34, 0x56, 0x78);
  return Buffer.concat([start, mask, bytes.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** Encodes a viewer's close frame. */
export function closeFrame(code: number, reason = ""): Buffer {
  const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
  return frame(payload, { opcode: opcodes.close });
}

/** An upgrade request; headers of the same name replace those that belong to it, null leaves one out. */
export function upgradeRequest(
  target: string,
  headers: Readonly<Record<string, string | null>> = {},
): string {
  const all: Record<string, string | null> = {
    Host: "127.0.0.1:6080",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  );
  return `GET ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}
