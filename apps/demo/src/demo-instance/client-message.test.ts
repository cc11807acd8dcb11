import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chunkings, hex, readerOf } from "@nova-console/byte-stream/testing";
import fc from "fast-check";
import { type ClientMessage, readClientMessage } from "./client-message.ts";
import { nativeFormat } from "./pixel-format.ts";

describe("readClientMessage()", () => {
  const cases: { name: string; wire: string; message: ClientMessage }[] = [
    {
      name: "a SetPixelFormat",
      wire: "00 000000 20 18 00 01 00ff 00ff 00ff 10 08 00 000000",
      message: { type: "SetPixelFormat", format: nativeFormat },
    },
    {
      name: "a SetEncodings",
      wire: "02 00 0003 00000010 00000000 ffffff11",
      message: { type: "SetEncodings", encodings: [16, 0, -239] },
    },
    {
      name: "a FramebufferUpdateRequest",
      wire: "03 01 0001 0002 0320 0258",
      message: {
        type: "FramebufferUpdateRequest",
        isIncremental: true,
        area: { x: 1, y: 2, width: 800, height: 600 },
      },
    },
    {
      name: "a KeyEvent",
      wire: "04 01 0000 0000ff0d",
      message: { type: "KeyEvent", isDown: true, keysym: 0xff0d },
    },
    {
      name: "a PointerEvent",
      wire: "05 04 0010 0020",
      message: { type: "PointerEvent", pointer: { x: 16, y: 32, buttons: 4 } },
    },
    {
      name: "a ClientCutText",
      wire: "06 000000 00000003 61e462",
      message: { type: "ClientCutText", text: "aäb" },
    },
  ];
  for (const { name, wire, message } of cases) {
    for (const [delivery, chunks] of chunkings(hex(wire))) {
      it(`reads ${name}, delivered ${delivery}`, { timeout: 5000 }, async () => {
        assert.deepEqual(await readClientMessage(readerOf(chunks)), message);
      });
    }
  }

  const refused = [
    { name: "a type that was not agreed on", wire: "fa 00" },
    { name: "more encodings than there are", wire: "02 00 ffff" },
    { name: "4 GiB of text before waiting for it", wire: "06 000000 ffffffff" },
  ];
  for (const { name, wire } of refused) {
    it(`refuses ${name}`, { timeout: 5000 }, async () => {
      await assert.rejects(readClientMessage(readerOf([hex(wire)])), {
        code: "DEMO_ERR_VIEWER_MISBEHAVED",
      });
    });
  }

  it("reads, refuses or runs out of any bytes", { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        const outcome = await readClientMessage(readerOf([Buffer.from(bytes)])).catch(
          (error: unknown) => error,
        );
        if (!(outcome instanceof Error)) return;
        assert.match(outcome.name, /^(ViewerMisbehavedError|UnexpectedEofError)$/);
      }),
    );
  });
});
