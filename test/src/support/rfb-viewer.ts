import { ByteReader } from "@nova-console/byte-stream";
import type { Duplex } from "node:stream";
import type { Picture } from "./picture.ts";

/** A version that a viewer answers with. RFC 6143 §7.1.1; 3.889 is Apple's. */
export type Version = "3.3" | "3.7" | "3.8" | "3.889";

/** What a server says instead of a console. */
class RfbRefusedError extends Error {
  override readonly name = "RfbRefusedError";
}

const BYTES_PER_PIXEL = 4;
/** Cursor is asked for so that a server does not paint the pointer into the picture. */
const Encoding = { Raw: 0, Cursor: -239 } as const;

/** A viewer of the smallest kind: it knows Raw, and tells what it sees. */
export class RfbViewer {
  readonly width: number;
  readonly height: number;
  readonly desktopName: string;
  readonly channel: Duplex;
  readonly #reader: ByteReader;

  private constructor(channel: Duplex, reader: ByteReader, size: Buffer, desktopName: string) {
    this.channel = channel;
    this.#reader = reader;
    this.width = size.readUInt16BE(0);
    this.height = size.readUInt16BE(2);
    this.desktopName = desktopName;
  }

  /**
   * Runs the whole handshake, to ServerInit.
   *
   * @throws {@link RfbRefusedError} with the server's reason if it offers no security type
   * @see RFC 6143 §7.1, §7.3, appendix A for 3.3 and 3.7
   */
  static async open(
    channel: Duplex,
    signal: AbortSignal,
    version: Version = "3.8",
  ): Promise<RfbViewer> {
    const reader = new ByteReader(channel, signal);
    await reader.readExact(12);
    channel.write(encodeVersion(version));
    if (version === "3.3") await acceptSecurityType(reader);
    else await chooseSecurityType(reader, channel, version);
    return RfbViewer.#initialise(channel, reader);
  }

  /** Runs what is left of the handshake after SecurityResult. */
  static admitted(channel: Duplex, signal: AbortSignal): Promise<RfbViewer> {
    return RfbViewer.#initialise(channel, new ByteReader(channel, signal));
  }

  /** ClientInit and ServerInit. RFC 6143 §7.3 */
  static async #initialise(channel: Duplex, reader: ByteReader): Promise<RfbViewer> {
    channel.write(Buffer.of(1));
    const serverInit = await reader.readExact(24);
    const name = await reader.readExact(serverInit.readUInt32BE(20));
    return new RfbViewer(channel, reader, serverInit, name.toString());
  }

  /** Asks for the whole framebuffer and waits until it was all sent. */
  async picture(): Promise<Picture> {
    // 32 bits, depth 24, little endian, true colour, 255 each: red, green, blue in the low bytes.
    this.channel.write(
      Buffer.from("00000000 20180001 00ff00ff 00ff0008 10000000".replaceAll(" ", ""), "hex"),
    );
    const encodings = Buffer.of(2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0);
    encodings.writeInt32BE(Encoding.Raw, 4);
    encodings.writeInt32BE(Encoding.Cursor, 8);
    this.channel.write(encodings);
    const request = Buffer.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    request.writeUInt16BE(this.width, 6);
    request.writeUInt16BE(this.height, 8);
    this.channel.write(request);
    const rgba = Buffer.alloc(this.width * this.height * BYTES_PER_PIXEL);
    let missing = this.width * this.height;
    while (missing > 0) missing -= await this.#readMessage(rgba);
    return { width: this.width, height: this.height, rgba };
  }

  /** Presses and releases a key. RFC 6143 §7.5.4 */
  typeKey(keysym: number): void {
    for (const down of [1, 0]) {
      const event = Buffer.of(4, down, 0, 0, 0, 0, 0, 0);
      event.writeUInt32BE(keysym, 4);
      this.channel.write(event);
    }
  }

  /** Reads exactly this many of the bytes that follow, whatever they mean. */
  async readExact(byteCount: number): Promise<Buffer> {
    return this.#reader.readExact(byteCount);
  }

  /** Gives the channel back to whoever wants to use it in another way. */
  release(): Duplex {
    this.#reader.release();
    return this.channel;
  }

  /** @returns how many pixels came with it */
  async #readMessage(rgba: Buffer): Promise<number> {
    const type = await this.#reader.readU8();
    if (type === 0) return this.#readFramebufferUpdate(rgba);
    if (type === 2) return 0; // Bell
    if (type === 3) {
      const head = await this.#reader.readExact(7);
      await this.#reader.readExact(head.readUInt32BE(3));
      return 0;
    }
    throw new Error(`message type ${type} was not expected`);
  }

  async #readFramebufferUpdate(rgba: Buffer): Promise<number> {
    let pixels = 0;
    const head = await this.#reader.readExact(3);
    for (let left = head.readUInt16BE(1); left > 0; left--) {
      const at = await this.#reader.readExact(12);
      const [x, y, width, height] = [0, 2, 4, 6].map((offset) => at.readUInt16BE(offset));
      if (x === undefined || y === undefined || width === undefined || height === undefined)
        continue;
      const encoding = at.readInt32BE(8);
      if (encoding === Encoding.Cursor) {
        const maskBytes = Math.ceil(width / 8) * height;
        await this.#reader.readExact(width * height * BYTES_PER_PIXEL + maskBytes);
        continue;
      }
      if (encoding !== Encoding.Raw) throw new Error(`encoding ${encoding} was not expected`);
      for (let row = 0; row < height; row++) {
        const line = await this.#reader.readExact(width * BYTES_PER_PIXEL);
        line.copy(rgba, ((y + row) * this.width + x) * BYTES_PER_PIXEL);
      }
      pixels += width * height;
    }
    return pixels;
  }
}

function encodeVersion(version: Version): string {
  const [major = "", minor = ""] = version.split(".");
  return `RFB ${major.padStart(3, "0")}.${minor.padStart(3, "0")}\n`;
}

/** 3.3: the server decides. */
async function acceptSecurityType(reader: ByteReader): Promise<void> {
  const type = await reader.readU32();
  if (type === 0) throw new RfbRefusedError(await readReason(reader));
  if (type !== 1) throw new Error(`security type ${type} was not expected`);
}

async function chooseSecurityType(
  reader: ByteReader,
  channel: Duplex,
  version: Version,
): Promise<void> {
  const count = await reader.readU8();
  if (count === 0) throw new RfbRefusedError(await readReason(reader));
  const types = await reader.readExact(count);
  if (!types.includes(1)) throw new Error(`None is not among security types ${types.join()}`);
  channel.write(Buffer.of(1));
  if (version === "3.7") return;
  if ((await reader.readU32()) !== 0) throw new RfbRefusedError(await readReason(reader));
}

async function readReason(reader: ByteReader): Promise<string> {
  return (await reader.readExact(await reader.readU32())).toString();
}
