import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { ByteReader } from "@nova-console/byte-stream";
import { chunkings, hex, readerOf } from "@nova-console/byte-stream/testing";
import fc from "fast-check";
import { noneHandler, type SecurityHandler } from "./security-handler.ts";
import { negotiateWithServer, readSecurityTypes } from "./server-handshake.ts";

const noDeadline = new AbortController().signal;

/**
 * A VNC server that sends everything at once, as `chunks`, and then ends or stays silent: what it
 * says does not depend on us, as None has no questions.
 */
function serverSending(chunks: readonly Buffer[]): {
  ourSide: Duplex;
  received: () => Promise<string>;
} {
  const [ourSide, serverSide] = duplexPair();
  const received: Buffer[] = [];
  serverSide.on("data", (chunk: Buffer) => received.push(chunk));
  const send = (index: number): void => {
    const chunk = chunks[index];
    if (chunk === undefined) serverSide.end();
    else
      serverSide.write(chunk, () => {
        send(index + 1);
      });
  };
  send(0);
  return {
    ourSide,
    received: async () => {
      ourSide.end();
      if (!serverSide.readableEnded) await once(serverSide, "end");
      return Buffer.concat(received).toString("latin1");
    },
  };
}

function negotiate(
  wire: string,
  handlers: readonly SecurityHandler[] = [noneHandler],
): { done: Promise<Duplex>; received: () => Promise<string> } {
  const { ourSide, received } = serverSending([Buffer.from(wire, "latin1")]);
  return { done: negotiateWithServer(ourSide, handlers, noDeadline), received };
}

describe("negotiateWithServer()", () => {
  const servers = [
    { version: "3.3", wire: "RFB 003.003\n\0\0\0\x01", sent: "RFB 003.003\n" },
    { version: "3.7", wire: "RFB 003.007\n\x01\x01", sent: "RFB 003.007\n\x01" },
    { version: "3.8", wire: "RFB 003.008\n\x01\x01\0\0\0\0", sent: "RFB 003.008\n\x01" },
    { version: "3.889", wire: "RFB 003.889\n\x01\x01\0\0\0\0", sent: "RFB 003.008\n\x01" },
    { version: "4.1", wire: "RFB 004.001\n\x01\x01\0\0\0\0", sent: "RFB 003.008\n\x01" },
  ];
  for (const { version, wire, sent } of servers) {
    const after = hex("0320 0258");
    const bytes = Buffer.concat([Buffer.from(wire, "latin1"), after]);
    for (const [delivery, chunks] of chunkings(bytes)) {
      it(`passes a ${version} server and leaves what follows, delivered ${delivery}`, async () => {
        const { ourSide, received } = serverSending(chunks);
        const stream = await negotiateWithServer(ourSide, [noneHandler], noDeadline);
        assert.equal(await received(), sent);
        const reader = new ByteReader(stream, noDeadline);
        assert.deepEqual(await reader.readExact(after.length), after);
      });
    }
  }

  it("passes over types that it cannot name", async () => {
    const { done, received } = negotiate("RFB 003.008\n\x03\x63\x01\xff\0\0\0\0");
    await done;
    assert.equal(await received(), "RFB 003.008\n\x01");
  });

  it("follows the operator's order of security types, not the server's", async () => {
    const stronger: SecurityHandler = { type: 19, negotiate: (server) => Promise.resolve(server) };
    const { done, received } = negotiate("RFB 003.008\n\x02\x01\x13\0\0\0\0", [
      stronger,
      noneHandler,
    ]);
    await done;
    assert.equal(await received(), "RFB 003.008\n\x13");
  });

  const failures = [
    {
      name: "a 3.8 server that refuses with a reason",
      wire: "RFB 003.008\n\0\0\0\0\x04busy",
      code: "RFB_ERR_PEER_REJECTED",
      message: "server Security: busy",
    },
    {
      name: "a 3.3 server that refuses with a reason",
      wire: "RFB 003.003\n\0\0\0\0\0\0\0\x04busy",
      code: "RFB_ERR_PEER_REJECTED",
      message: "server Security: busy",
    },
    {
      name: "a SecurityResult that is not OK",
      wire: "RFB 003.008\n\x01\x01\0\0\0\x01\0\0\0\x03no\n",
      code: "RFB_ERR_PEER_REJECTED",
      message: "server SecurityResult: no.",
    },
    {
      name: "a server that offers nothing acceptable",
      wire: "RFB 003.008\n\x02\x02\x13",
      code: "RFB_ERR_PEER_INCOMPATIBLE",
      message: "server Security: offers VncAuth (2), VeNCrypt (19); accepted here: None (1)",
    },
    {
      name: "a server that does not speak RFB",
      wire: "SSH-2.0-OpenSSH_9.2\r\n",
      code: "RFB_ERR_PEER_MISBEHAVED",
      message: `server ProtocolVersion: got "SSH-2.0-Open", not "RFB 003.008\\n" or the like`,
    },
    {
      name: "a server that ends in the middle",
      wire: "RFB 003.008\n\x03\x01",
      code: "STREAM_ERR_UNEXPECTED_EOF",
      message: "stream ended after 1 of 3 bytes",
    },
  ];
  for (const { name, wire, code, message } of failures) {
    it(`rejects ${name}`, async () => {
      await assert.rejects(negotiate(wire).done, { code, message });
    });
  }

  it("rejects any bytes from a server in finite time with an error that has a code", async () => {
    const wire = fc
      .uint8Array({ maxLength: 64 })
      .map((bytes) => Buffer.from(bytes).toString("latin1"));
    const prefix = fc.constantFrom("", "RFB 003.003\n", "RFB 003.007\n\x01", "RFB 003.008\n");
    await fc.assert(
      fc.asyncProperty(prefix, wire, async (start, rest) => {
        try {
          await negotiate(start + rest).done;
        } catch (error) {
          assert.ok(error instanceof Error && "code" in error, String(error));
        }
      }),
    );
  });
});

describe("readSecurityTypes()", () => {
  const offers = [
    { name: "a single type", wire: "01 01", types: [1] },
    { name: "several types in the server's order", wire: "02 13 02", types: [19, 2] },
    { name: "a type the proxy cannot name", wire: "01 4d", types: [77] },
  ];
  for (const { name, wire, types } of offers) {
    for (const [delivery, chunks] of chunkings(hex(wire))) {
      it(`reads ${name}, delivered ${delivery}`, async () => {
        assert.deepEqual(await readSecurityTypes(readerOf(chunks)), types);
      });
    }
  }

  it("rejects an empty offer without waiting for a 4 GiB reason", async () => {
    await assert.rejects(readSecurityTypes(readerOf([hex("00 ffffffff")])), {
      code: "RFB_ERR_PEER_REJECTED",
      message: "server Security: a reason of 4294967295 bytes, which is not read",
    });
  });

  it("rejects an offer cut short with the bytes it got", async () => {
    await assert.rejects(readSecurityTypes(readerOf([hex("03 01 02")])), {
      code: "STREAM_ERR_UNEXPECTED_EOF",
      message: "stream ended after 2 of 3 bytes",
    });
  });
});
