import type { ByteReader } from "@nova-console/byte-stream";
import { ViewerMisbehavedError } from "./errors.ts";
import { decodePixelFormat, PIXEL_FORMAT_BYTES, type PixelFormat } from "./pixel-format.ts";
import type { Rectangle } from "./rectangle.ts";
import type { Pointer } from "./screen-content.ts";

/** What a viewer says after the handshake: RFC 6143 §7.5. */
export type ClientMessage =
  | { readonly type: "SetPixelFormat"; readonly format: PixelFormat }
  | { readonly type: "SetEncodings"; readonly encodings: readonly number[] }
  | {
      readonly type: "FramebufferUpdateRequest";
      readonly isIncremental: boolean;
      readonly area: Rectangle;
    }
  | { readonly type: "KeyEvent"; readonly keysym: number; readonly isDown: boolean }
  | { readonly type: "PointerEvent"; readonly pointer: Pointer }
  | { readonly type: "ClientCutText"; readonly text: string };

/** Viewers know some 30 encodings. */
const MAX_ENCODINGS = 1024;
const MAX_CUT_TEXT_BYTES = 1_048_576;

/**
 * Reads one message of a viewer.
 *
 * ```
 * U8 0, 3 unused, pixel format                          SetPixelFormat
 * U8 2, 1 unused, U16 n, n x S32 encoding               SetEncodings
 * U8 3, U8 incremental, U16 x, U16 y, U16 w, U16 h      FramebufferUpdateRequest
 * U8 4, U8 down-flag, 2 unused, U32 keysym              KeyEvent
 * U8 5, U8 button-mask, U16 x, U16 y                    PointerEvent
 * U8 6, 3 unused, U32 length, Latin-1 text              ClientCutText
 * ```
 *
 * @throws {@link ViewerMisbehavedError} if it is none of these, or longer than anybody needs
 */
export async function readClientMessage(reader: ByteReader): Promise<ClientMessage> {
  const type = await reader.readU8();
  switch (type) {
    case 0:
      await reader.readExact(3);
      return {
        type: "SetPixelFormat",
        format: decodePixelFormat(await reader.readExact(PIXEL_FORMAT_BYTES)),
      };
    case 2:
      return { type: "SetEncodings", encodings: await readEncodings(reader) };
    case 3:
      return decodeUpdateRequest(await reader.readExact(9));
    case 4: {
      const body = await reader.readExact(7);
      return { type: "KeyEvent", isDown: body.readUInt8(0) !== 0, keysym: body.readUInt32BE(3) };
    }
    case 5: {
      const body = await reader.readExact(5);
      const pointer = {
        buttons: body.readUInt8(0),
        x: body.readUInt16BE(1),
        y: body.readUInt16BE(3),
      };
      return { type: "PointerEvent", pointer };
    }
    case 6:
      return { type: "ClientCutText", text: await readCutText(reader) };
    default:
      throw new ViewerMisbehavedError(`message type ${type}, which was not agreed on`);
  }
}

async function readEncodings(reader: ByteReader): Promise<number[]> {
  await reader.readExact(1);
  const count = await reader.readU16();
  if (count > MAX_ENCODINGS) {
    throw new ViewerMisbehavedError(`${count} encodings, at most ${MAX_ENCODINGS} are taken`);
  }
  const body = await reader.readExact(4 * count);
  return Array.from({ length: count }, (_, index) => body.readInt32BE(4 * index));
}

function decodeUpdateRequest(body: Buffer): ClientMessage {
  return {
    type: "FramebufferUpdateRequest",
    isIncremental: body.readUInt8(0) !== 0,
    area: {
      x: body.readUInt16BE(1),
      y: body.readUInt16BE(3),
      width: body.readUInt16BE(5),
      height: body.readUInt16BE(7),
    },
  };
}

async function readCutText(reader: ByteReader): Promise<string> {
  await reader.readExact(3);
  const length = await reader.readU32();
  if (length > MAX_CUT_TEXT_BYTES) {
    throw new ViewerMisbehavedError(`${length} bytes of text, at most ${MAX_CUT_TEXT_BYTES}`);
  }
  return (await reader.readExact(length)).toString("latin1");
}
