import { inflateSync, constants } from "node:zlib";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { ByteReader } from "@nova-console/byte-stream";
import { Framebuffer } from "./framebuffer.ts";
import { encodePixelFormat, nativeFormat, type PixelFormat } from "./pixel-format.ts";
import type { Rectangle } from "./rectangle.ts";

/** A viewer for tests: speaks RFB by itself and keeps the picture it was sent. */
export class TestViewer {
  readonly socket: Socket;
  readonly reader: ByteReader;
  name = "";
  picture = new Framebuffer(0, 0);
  readonly #zrle = new ZrleDecoder();

  private constructor(socket: Socket, signal: AbortSignal) {
    this.socket = socket;
    this.reader = new ByteReader(socket, signal);
  }

  /** Connects and runs the handshake. */
  static async open(
    at: { host: string; port: number },
    signal: AbortSignal,
    version = "3.8",
  ): Promise<TestViewer> {
    const socket = connect(at);
    socket.on("error", () => undefined);
    await once(socket, "connect", { signal });
    const viewer = new TestViewer(socket, signal);
    const { reader } = viewer;
    await reader.readExact(12);
    socket.write(`RFB 003.00${version.slice(2)}\n`);
    if (version === "3.3") await reader.readU32();
    else {
      await reader.readExact(await reader.readU8());
      socket.write(Buffer.of(1));
      if (version === "3.8") await reader.readU32();
    }
    socket.write(Buffer.of(1));
    const size = { width: await reader.readU16(), height: await reader.readU16() };
    await reader.readExact(16);
    viewer.name = (await reader.readExact(await reader.readU32())).toString("utf8");
    viewer.picture = new Framebuffer(size.width, size.height);
    return viewer;
  }

  setFormat(format: PixelFormat): void {
    this.socket.write(Buffer.concat([Buffer.of(0, 0, 0, 0), encodePixelFormat(format)]));
  }

  setEncodings(...encodings: number[]): void {
    const message = Buffer.alloc(4 + 4 * encodings.length);
    message.writeUInt8(2, 0);
    message.writeUInt16BE(encodings.length, 2);
    encodings.forEach((encoding, index) => message.writeInt32BE(encoding, 4 + 4 * index));
    this.socket.write(message);
  }

  /** Asks for all of the screen. */
  request(isIncremental: boolean): void {
    const message = Buffer.alloc(10);
    message.writeUInt8(3, 0);
    message.writeUInt8(isIncremental ? 1 : 0, 1);
    message.writeUInt16BE(this.picture.width, 6);
    message.writeUInt16BE(this.picture.height, 8);
    this.socket.write(message);
  }

  pressKey(keysym: number): void {
    for (const down of [1, 0]) {
      const message = Buffer.alloc(8);
      message.writeUInt8(4, 0);
      message.writeUInt8(down, 1);
      message.writeUInt32BE(keysym, 4);
      this.socket.write(message);
    }
  }

  /** Reads one FramebufferUpdate into the picture. @returns its areas */
  async readUpdate(): Promise<Rectangle[]> {
    const type = await this.reader.readU8();
    if (type !== 0) throw new Error(`message ${type} where an update was due`);
    await this.reader.readExact(1);
    const count = await this.reader.readU16();
    const areas: Rectangle[] = [];
    for (let index = 0; index < count; index++) areas.push(await this.#readRectangle());
    return areas;
  }

  async #readRectangle(): Promise<Rectangle> {
    const head = await this.reader.readExact(12);
    const area = {
      x: head.readUInt16BE(0),
      y: head.readUInt16BE(2),
      width: head.readUInt16BE(4),
      height: head.readUInt16BE(6),
    };
    if (head.readInt32BE(8) === 16) {
      const data = await this.reader.readExact(await this.reader.readU32());
      this.#zrle.decode(data, area, this.picture);
      return area;
    }
    const raw = await this.reader.readExact(area.width * area.height * 4);
    for (let index = 0; index < area.width * area.height; index++) {
      putPixel(this.picture, area, index, raw.readUInt32LE(4 * index));
    }
    return area;
  }
}

/** Decodes ZRLE in the native pixel format: 3 bytes a pixel, blue first. */
export class ZrleDecoder {
  /** All of the stream so far, so that each part can be inflated as what it is: its continuation. */
  #stream = Buffer.alloc(0);
  #done = 0;

  decode(data: Buffer, area: Rectangle, into: Framebuffer): void {
    this.#stream = Buffer.concat([this.#stream, data]);
    const all = inflateSync(this.#stream, { finishFlush: constants.Z_SYNC_FLUSH });
    const tiles = all.subarray(this.#done);
    this.#done = all.length;
    let offset = 0;
    for (let y = 0; y < area.height; y += 64) {
      for (let x = 0; x < area.width; x += 64) {
        const width = Math.min(64, area.width - x);
        const height = Math.min(64, area.height - y);
        const tile = { x: area.x + x, y: area.y + y, width, height };
        offset += decodeTile(tiles.subarray(offset), tile, into);
      }
    }
    if (offset !== tiles.length) throw new Error(`${tiles.length - offset} bytes left over`);
  }
}

/** @returns how many bytes it took */
function decodeTile(bytes: Buffer, tile: Rectangle, into: Framebuffer): number {
  const pixelCount = tile.width * tile.height;
  const kind = bytes.readUInt8(0);
  const colourAt = (index: number): number => bytes.readUIntLE(1 + 3 * index, 3);
  if (kind === 0) {
    for (let index = 0; index < pixelCount; index++) putPixel(into, tile, index, colourAt(index));
    return 1 + 3 * pixelCount;
  }
  if (kind === 1) {
    into.fill(tile, colourAt(0));
    return 4;
  }
  const bits = kind === 2 ? 1 : kind <= 4 ? 2 : 4;
  const start = 1 + 3 * kind;
  const rowBytes = Math.ceil((tile.width * bits) / 8);
  for (let index = 0; index < pixelCount; index++) {
    const bit = (index % tile.width) * bits;
    const row = Math.floor(index / tile.width);
    const byte = bytes.readUInt8(start + row * rowBytes + Math.floor(bit / 8));
    const entry = (byte >> (8 - bits - (bit % 8))) & ((1 << bits) - 1);
    putPixel(into, tile, index, colourAt(entry));
  }
  return start + rowBytes * tile.height;
}

function putPixel(into: Framebuffer, area: Rectangle, index: number, colour: number): void {
  const x = area.x + (index % area.width);
  const y = area.y + Math.floor(index / area.width);
  into.pixels[y * into.width + x] = colour;
}

/** 32 bits with the colours at the top, big-endian: what few viewers use, and all may. */
export const topFormat: PixelFormat = {
  ...nativeFormat,
  isBigEndian: true,
  redShift: 24,
  greenShift: 16,
  blueShift: 8,
};

/** 16 bits of RGB 5-6-5, little-endian. */
export const rgb565: PixelFormat = {
  bitsPerPixel: 16,
  depth: 16,
  isBigEndian: false,
  redMax: 31,
  greenMax: 63,
  blueMax: 31,
  redShift: 11,
  greenShift: 5,
  blueShift: 0,
};

/** 8 bits of BGR 2-3-3. */
export const bgr233: PixelFormat = {
  bitsPerPixel: 8,
  depth: 8,
  isBigEndian: false,
  redMax: 7,
  greenMax: 7,
  blueMax: 3,
  redShift: 0,
  greenShift: 3,
  blueShift: 6,
};
