/** Longest payload of a short frame: no longer than any message may be. */
const MAX_SHORT_BYTES = 4_096;

const MAX_SHORT_FRAME_BYTES = 8 + MAX_SHORT_BYTES;

const FINAL = 0x80;
const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const MASK_BYTES = 4;
const LENGTH_IN_U16 = 126;
const LENGTH_IN_U64 = 127;
const FIRST_CONTROL_OPCODE = 8;
const MAX_HEADER_BYTES = 14;

/** Who gets what a {@link ShortFrameReader} reads. */
export interface ShortFrameSink {
  /** @param payload - unmasked; part of the bytes that were read */
  payload(payload: Buffer): void;
  /** @param bytes - other frames, whole or in pieces, as they came */
  others(bytes: Buffer): void;
}

/** What {@link ShortFrameReader} finds where a frame starts, in place of where its payload starts. */
const OTHER = 0;
const INCOMPLETE = -1;

/**
 * Takes the payload out of a viewer's short binary messages, without an allocation that grows with their
 * number: `ws` makes four objects for each, which at a million messages a second keep the garbage collector
 * from everything else. All other frames are left to `ws`, and with one of them the rest of its read.
 *
 * @see RFC 6455 §5.2
 */
export class ShortFrameReader {
  readonly #sink: ShortFrameSink;
  /** The start of a short frame whose rest has not come yet. */
  #partial: Buffer | null = null;
  /** Of the short frame that was looked at last. */
  #payloadBytes = 0;
  /** The header of another frame, as far as it has come. */
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** Bytes of another frame's payload that have not come yet. */
  #otherBytes = 0;
  /** Whether that frame is a whole binary message. */
  #isOtherBinary = false;
  /** Whether a message in fragments has begun and not ended. */
  #isInMessage = false;
  /** Whether other frames were given away in this turn. They may be malformed, which is told later. */
  #isUnsettled = false;

  constructor(sink: ShortFrameSink) {
    this.#sink = sink;
  }

  /** @param bytes - what follows on the bytes before; changed by the unmasking */
  read(bytes: Buffer): void {
    let at = this.#partial === null ? 0 : this.#completePartial(this.#partial, bytes);
    let othersFrom = at;
    if (this.#otherBytes > 0) {
      const count = Math.min(this.#otherBytes, bytes.length - at);
      this.#otherBytes -= count;
      at += count;
      // The rest of a binary message has nothing in it that could be malformed.
      if (this.#isOtherBinary) {
        this.#sink.others(bytes.subarray(othersFrom, at));
        othersFrom = at;
      }
    }
    while (at < bytes.length) {
      const payloadAt = othersFrom < at ? OTHER : this.#shortPayloadAt(bytes, at);
      const end = payloadAt + this.#payloadBytes;
      if (payloadAt === OTHER) at = this.#skipOther(bytes, at);
      else if (payloadAt === INCOMPLETE || end > bytes.length) {
        this.#partial = Buffer.from(bytes.subarray(at));
        return;
      } else {
        this.#take(bytes, payloadAt, end);
        at = othersFrom = end;
      }
    }
    if (othersFrom < at) this.#giveAway(bytes.subarray(othersFrom));
  }

  /** @returns where in `bytes` the frame ends that began in `partial` */
  #completePartial(partial: Buffer, bytes: Buffer): number {
    this.#partial = null;
    const joined = Buffer.concat([partial, bytes.subarray(0, MAX_SHORT_FRAME_BYTES)]);
    const payloadAt = this.#shortPayloadAt(joined, 0);
    const end = payloadAt + this.#payloadBytes;
    if (payloadAt === OTHER) {
      for (let at = 0; at < partial.length;) at = this.#skipOther(partial, at);
      this.#giveAway(partial);
      return 0;
    }
    if (payloadAt === INCOMPLETE || end > joined.length) {
      this.#partial = joined;
      return bytes.length;
    }
    this.#take(joined, payloadAt, end);
    return end - partial.length;
  }

  #take(bytes: Buffer, start: number, end: number): void {
    unmask(bytes, start, end);
    if (end > start) this.#sink.payload(bytes.subarray(start, end));
  }

  #giveAway(bytes: Buffer): void {
    this.#isUnsettled = true;
    setImmediate(this.#onSettled);
    this.#sink.others(bytes);
  }

  readonly #onSettled = (): void => {
    this.#isUnsettled = false;
  };

  /** Where the payload of the frame at `at` starts. */
  #shortPayloadAt(bytes: Buffer, at: number): number {
    if (bytes[at] !== FINAL_BINARY || this.#headerBytes > 0) return OTHER;
    if (this.#isInMessage || this.#isUnsettled) return OTHER;
    const second = bytes[at + 1];
    if (second === undefined) return INCOMPLETE;
    if ((second & MASKED) === 0) return OTHER;
    const length = second & ~MASKED;
    if (length < LENGTH_IN_U16) {
      this.#payloadBytes = length;
      return at + 2 + MASK_BYTES;
    }
    if (length !== LENGTH_IN_U16) return OTHER;
    if (at + 4 > bytes.length) return INCOMPLETE;
    this.#payloadBytes = bytes.readUInt16BE(at + 2);
    return this.#payloadBytes > MAX_SHORT_BYTES ? OTHER : at + 4 + MASK_BYTES;
  }

  /** Goes on to the next byte of another frame's header, or over its payload. */
  #skipOther(bytes: Buffer, at: number): number {
    if (this.#otherBytes === 0) {
      this.#takeHeaderByte(bytes[at] ?? 0);
      return at + 1;
    }
    const count = Math.min(this.#otherBytes, bytes.length - at);
    this.#otherBytes -= count;
    return at + count;
  }

  #takeHeaderByte(byte: number): void {
    this.#header[this.#headerBytes++] = byte;
    if (this.#headerBytes < 2) return;
    const first = this.#header.readUInt8(0);
    const second = this.#header.readUInt8(1);
    const length = second & ~MASKED;
    const lengthBytes = length === LENGTH_IN_U64 ? 8 : length === LENGTH_IN_U16 ? 2 : 0;
    if (this.#headerBytes < 2 + lengthBytes + ((second & MASKED) === 0 ? 0 : MASK_BYTES)) return;
    this.#headerBytes = 0;
    this.#otherBytes =
      lengthBytes === 8
        ? Number(this.#header.readBigUInt64BE(2))
        : lengthBytes === 2
          ? this.#header.readUInt16BE(2)
          : length;
    this.#isOtherBinary = first === FINAL_BINARY;
    if ((first & 0x0f) < FIRST_CONTROL_OPCODE) this.#isInMessage = (first & FINAL) === 0;
  }
}

/** Takes the mask, which is in front of the payload, off it. */
function unmask(bytes: Buffer, start: number, end: number): void {
  const mask = bytes.readUInt32BE(start - MASK_BYTES);
  if (mask === 0) return;
  // A Buffer keeps the low byte.
  const first = mask >>> 24;
  const second = mask >>> 16;
  const third = mask >>> 8;
  const fourth = mask;
  let at = start;
  for (; at + 3 < end; at += 4) {
    bytes[at] = (bytes[at] ?? 0) ^ first;
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ second;
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ third;
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ fourth;
  }
  if (at < end) bytes[at] = (bytes[at] ?? 0) ^ first;
  if (at + 1 < end) bytes[at + 1] = (bytes[at + 1] ?? 0) ^ second;
  if (at + 2 < end) bytes[at + 2] = (bytes[at + 2] ?? 0) ^ third;
}
