const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FINAL = 0x80;
const MASKED = 0x80;
const MASK = Buffer.from("37fa213d", "hex");
const MAX_SHORT = 125;
const LENGTH_16 = 126;
const MAX_HEAD_BYTES = 10;

/**
 * A client's frame, with the one mask that all of ours have: it can be made before it is needed.
 *
 * @param payload - at most 125 bytes
 * @see RFC 6455 §5.2
 */
export function maskedFrame(payload: Buffer, opcode = BINARY): Buffer {
  if (payload.length > MAX_SHORT) throw new RangeError(`${payload.length} bytes in a short frame`);
  const frame = Buffer.alloc(2 + MASK.length + payload.length);
  frame.writeUInt8(FINAL | opcode, 0);
  frame.writeUInt8(MASKED | payload.length, 1);
  MASK.copy(frame, 2);
  payload.forEach((byte, index) => {
    frame.writeUInt8(byte ^ (MASK[index & 3] ?? 0), 2 + MASK.length + index);
  });
  return frame;
}

/** Who takes what {@link FrameReader} finds. */
export interface FrameSink {
  /** Part of a message: `bytes` from `start` to before `end`. Valid during the call only. */
  payload(bytes: Buffer, start: number, end: number): void;
  /** A frame that has to be sent. */
  answer(frame: Buffer): void;
}

/** Takes a server's frames apart, in whatever pieces they come, without a copy of what they carry. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);
  #headBytes = 0;
  #opcode = 0;
  #left = 0;
  #control: number[] = [];

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @throws Error for a close frame, and what no server may send */
  take(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#left > 0) {
        const stop = Math.min(end, at + this.#left);
        this.#left -= stop - at;
        if (this.#opcode < CLOSE) this.#sink.payload(bytes, at, stop);
        else this.#control.push(...bytes.subarray(at, stop));
        at = stop;
        if (this.#left === 0) this.#endFrame();
        continue;
      }
      this.#head[this.#headBytes++] = bytes[at++] ?? 0;
      this.#readHead();
    }
  }

  #readHead(): void {
    if (this.#headBytes < 2) return;
    const short = this.#head.readUInt8(1);
    if ((short & MASKED) !== 0) throw new Error("the server masked a frame");
    const headBytes = short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : MAX_HEAD_BYTES;
    if (this.#headBytes < headBytes) return;
    this.#opcode = this.#head.readUInt8(0) & 0xf;
    this.#left = short;
    if (headBytes === 4) this.#left = this.#head.readUInt16BE(2);
    if (headBytes === MAX_HEAD_BYTES) this.#left = Number(this.#head.readBigUInt64BE(2));
    this.#headBytes = 0;
    if (this.#left === 0) this.#endFrame();
  }

  #endFrame(): void {
    if (this.#opcode < CLOSE) return;
    const control = Buffer.from(this.#control);
    this.#control = [];
    if (this.#opcode === PING) this.#sink.answer(maskedFrame(control, PONG));
    if (this.#opcode === CLOSE) throw new Error(`closed by the server: ${closeText(control)}`);
  }
}

function closeText(control: Buffer): string {
  return control.length < 2
    ? "no code"
    : `${control.readUInt16BE()} ${control.toString("utf8", 2)}`;
}
