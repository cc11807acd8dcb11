import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { chunkings, hex, readToEnd } from "@nova-console/byte-stream/testing";
import fc from "fast-check";
import { RfbError } from "./errors.ts";
import {
  admitWithoutSecurity,
  exchangeVersions,
  writeSecurityFailure,
} from "./viewer-handshake.ts";

const noDeadline = new AbortController().signal;
const V38 = Buffer.from("RFB 003.008\n");

/** A viewer whose bytes come as `chunks`, each in a turn of its own. */
function viewerSending(chunks: readonly Buffer[]): {
  proxySide: Duplex;
  received: () => Promise<Buffer>;
} {
  const [proxySide, viewerSide] = duplexPair();
  const received: Buffer[] = [];
  viewerSide.on("data", (chunk: Buffer) => received.push(chunk));
  const send = (index: number): void => {
    const chunk = chunks[index];
    if (chunk === undefined) {
      viewerSide.end();
      return;
    }
    viewerSide.write(chunk, () => {
      send(index + 1);
    });
  };
  send(0);
  return {
    proxySide,
    received: async () => {
      proxySide.end();
      if (!viewerSide.readableEnded) await once(viewerSide, "end");
      return Buffer.concat(received);
    },
  };
}

/** Runs the whole handshake; what is left in the stream is what a relay would find. */
async function admit(chunks: readonly Buffer[]): Promise<{ sent: string; rest: Buffer }> {
  const { proxySide, received } = viewerSending(chunks);
  const version = await exchangeVersions(proxySide, noDeadline);
  await admitWithoutSecurity(proxySide, version, noDeadline);
  const rest = await readToEnd(proxySide);
  return { sent: (await received()).subarray(12).toString("hex"), rest };
}

describe("exchangeVersions()", () => {
  const answers = [
    { answer: "RFB 003.003\n", version: "3.3" },
    { answer: "RFB 003.005\n", version: "3.3" },
    { answer: "RFB 003.007\n", version: "3.7" },
    { answer: "RFB 003.008\n", version: "3.8" },
    { answer: "RFB 003.889\n", version: "3.8" },
    { answer: "RFB 004.001\n", version: "3.8" },
  ];
  for (const { answer, version } of answers) {
    for (const [delivery, chunks] of chunkings(Buffer.from(answer))) {
      it(`takes ${answer.trim()} for ${version}, delivered ${delivery}`, async () => {
        const { proxySide, received } = viewerSending(chunks);
        assert.equal(await exchangeVersions(proxySide, noDeadline), version);
        assert.deepEqual(await received(), V38);
      });
    }
  }

  it("rejects what is no ProtocolVersion, and says what came in printable words", async () => {
    const { proxySide } = viewerSending([Buffer.from("GET / HTTP\xff\n", "latin1")]);
    await assert.rejects(exchangeVersions(proxySide, noDeadline), {
      code: "RFB_ERR_PEER_MISBEHAVED",
      message: `viewer ProtocolVersion: got 12 bytes that begin with 0x47, not "RFB 003.008\\n" or the like`,
    });
  });

  it("rejects a version older than 3.3", async () => {
    const { proxySide } = viewerSending([Buffer.from("RFB 003.002\n")]);
    await assert.rejects(exchangeVersions(proxySide, noDeadline), {
      code: "RFB_ERR_PEER_INCOMPATIBLE",
      message: "viewer ProtocolVersion: speaks 3.2, not 3.3 or later",
    });
  });

  it("rejects any other bytes with an error of its own, never another", async () => {
    const bytes = fc.uint8Array({ minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(bytes, async (answer) => {
        const { proxySide } = viewerSending([Buffer.from(answer)]);
        await assert.rejects(exchangeVersions(proxySide, noDeadline), RfbError);
      }),
    );
  });
});

describe("admitWithoutSecurity()", () => {
  const handshakes = [
    { version: "3.3", wire: "RFB 003.003\n", choice: "", sent: "00000001" },
    { version: "3.7", wire: "RFB 003.007\n", choice: "01", sent: "0101" },
    { version: "3.8", wire: "RFB 003.008\n", choice: "01", sent: "010100000000" },
  ];
  for (const { version, wire, choice, sent } of handshakes) {
    // ClientInit and a first message sent early: none of it may be lost.
    const early = hex("01 00000000");
    const bytes = Buffer.concat([Buffer.from(wire), hex(choice), early]);
    for (const [delivery, chunks] of chunkings(bytes)) {
      it(`admits a ${version} viewer and leaves its early bytes, delivered ${delivery}`, async () => {
        assert.deepEqual(await admit(chunks), { sent, rest: early });
      });
    }
  }

  for (const choice of ["00", "02", "63", "ff"]) {
    it(`refuses the choice 0x${choice} in words that the viewer shows`, async () => {
      const { proxySide, received } = viewerSending([V38, hex(choice)]);
      await exchangeVersions(proxySide, noDeadline);
      await assert.rejects(admitWithoutSecurity(proxySide, "3.8", noDeadline), {
        code: "RFB_ERR_PEER_INCOMPATIBLE",
      });
      assert.equal(
        (await received()).subarray(14).toString("latin1"),
        "\0\0\0\x01\0\0\0\x2cOnly the security type 1 (NONE) is supported",
      );
    });
  }
});

describe("writeSecurityFailure()", () => {
  const failures = [
    { version: "3.3", wire: "00000000 00000004 62757379" },
    { version: "3.7", wire: "00 00000004 62757379" },
    { version: "3.8", wire: "00 00000004 62757379" },
  ] as const;
  for (const { version, wire } of failures) {
    it(`tells a ${version} viewer the reason in place of the security types`, async () => {
      const { proxySide, received } = viewerSending([]);
      writeSecurityFailure(proxySide, version, "busy");
      assert.deepEqual(await received(), hex(wire));
    });
  }
});
