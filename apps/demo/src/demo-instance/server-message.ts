import { encodePixelFormat, type PixelFormat } from "./pixel-format.ts";
import type { Rectangle } from "./rectangle.ts";

/** Encodings that the demo sends, RFC 6143 §7.7. */
export const Encoding = { Raw: 0, Zrle: 16 } as const;

/** One of {@link Encoding}. */
export type Encoding = (typeof Encoding)[keyof typeof Encoding];

/**
 * Encodes a ServerInit.
 *
 * ```
 * U16 width, U16 height, pixel format, U32 length, name
 * ```
 *
 * @see RFC 6143 §7.3.2
 */
export function encodeServerInit(
  size: { readonly width: number; readonly height: number },
  format: PixelFormat,
  name: string,
): Buffer {
  const text = Buffer.from(name, "utf8");
  const head = Buffer.alloc(4);
  head.writeUInt16BE(size.width, 0);
  head.writeUInt16BE(size.height, 2);
  return Buffer.concat([head, encodePixelFormat(format), encodeU32(text.length), text]);
}

/**
 * Encodes what comes before a FramebufferUpdate's rectangles.
 *
 * ```
 * U8 0, 1 unused, U16 number of rectangles
 * ```
 *
 * @see RFC 6143 §7.6.1
 */
export function encodeUpdateHead(rectangleCount: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(rectangleCount, 2);
  return head;
}

/** Encodes what comes before a rectangle's pixels: `U16 x, U16 y, U16 w, U16 h, S32 encoding`. */
export function encodeRectangleHead(area: Rectangle, encoding: Encoding): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(area.x, 0);
  head.writeUInt16BE(area.y, 2);
  head.writeUInt16BE(area.width, 4);
  head.writeUInt16BE(area.height, 6);
  head.writeInt32BE(encoding, 8);
  return head;
}

/**
 * Encodes a ServerCutText; what Latin-1 lacks becomes a question mark.
 *
 * ```
 * U8 3, 3 unused, U32 length, Latin-1 text
 * ```
 *
 * @see RFC 6143 §7.6.4
 */
export function encodeServerCutText(text: string): Buffer {
  const latin1 = Array.from(text, (character) => (character > "\u00ff" ? "?" : character)).join("");
  const body = Buffer.from(latin1, "latin1");
  return Buffer.concat([Buffer.of(3, 0, 0, 0), encodeU32(body.length), body]);
}

/** Encodes 32 bits in network byte order. */
export function encodeU32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
