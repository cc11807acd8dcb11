import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { after, describe, it, type TestContext } from "node:test";
import { ByteReader } from "@nova-console/byte-stream";
import { hex } from "@nova-console/byte-stream/testing";
import { createTlsAcceptor } from "@nova-console/listener";
import { makeTestCertificate } from "@nova-console/listener/testing";
import { negotiateWithServer } from "./server-handshake.ts";
import { veNCryptHandler, type VeNCryptOptions } from "./server-vencrypt.ts";
import { vncAuthHandler } from "./server-vnc-auth.ts";
import { noneHandler } from "./security-handler.ts";
import { createVncResponder } from "./vnc-challenge.ts";

const noDeadline = new AbortController().signal;
const certificate = makeTestCertificate();
const stranger = makeTestCertificate();
after(() => {
  certificate.remove();
  stranger.remove();
});

const ca = readFileSync(certificate.certFile);
const acceptTls = createTlsAcceptor({
  cert: ca,
  key: readFileSync(certificate.keyFile),
});

const X509_NONE: VeNCryptOptions = { tls: withoutName(ca), subtypes: [260], credential: null };

/** As nova: the certificate's chain is checked, its name is not. */
function withoutName(authority: Buffer): VeNCryptOptions["tls"] {
  return { ca: authority, checkServerIdentity: () => undefined };
}

/** A scripted VNC server; `ours` is our connection to it. */
async function serverRunning(
  t: TestContext,
  script: (socket: Socket, reader: ByteReader) => Promise<void>,
): Promise<{ ours: Socket; scripted: Promise<void> }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const ours = connectTcp({ port: address.port, host: "127.0.0.1", noDelay: true });
  const [socket] = await accepted;
  for (const each of [ours, socket]) each.on("error", () => undefined);
  t.after(() => {
    ours.destroy();
    socket.destroy();
    server.close();
  });
  const scripted = script(socket, new ByteReader(socket, noDeadline));
  scripted.catch(() => undefined);
  return { ours, scripted };
}

/** The server's part up to the subtype that was chosen. */
async function offer(
  socket: Socket,
  reader: ByteReader,
  types: string,
  subtypes: string,
): Promise<number> {
  socket.write("RFB 003.008\n");
  await reader.readExact(12);
  socket.write(hex(types));
  assert.equal(await reader.readU8(), 19);
  socket.write(hex("0002"));
  assert.deepEqual(await reader.readExact(2), hex("0002"));
  socket.write(Buffer.concat([hex("00"), hex(subtypes)]));
  return reader.readU32();
}

describe("veNCryptHandler()", { timeout: 30_000 }, () => {
  it("passes X509None and goes on inside TLS", async (t) => {
    const { ours, scripted } = await serverRunning(t, async (socket, reader) => {
      assert.equal(await offer(socket, reader, "01 13", "02 00000104 00000106"), 260);
      socket.write(hex("01"));
      reader.release();
      const secured = await acceptTls(socket, noDeadline);
      secured.write(hex("00000000 0320"));
    });
    const stream = await negotiateWithServer(ours, [veNCryptHandler(X509_NONE)], noDeadline);
    await scripted;
    assert.equal(await new ByteReader(stream, noDeadline).readU16(), 0x320);
  });

  it("is preferred to None when the operator lists it first, whatever the server's order", async (t) => {
    const { ours, scripted } = await serverRunning(t, async (socket, reader) => {
      await offer(socket, reader, "02 01 13", "01 00000104");
    });
    const handlers = [veNCryptHandler(X509_NONE), noneHandler];
    const negotiating = negotiateWithServer(ours, handlers, noDeadline);
    await scripted;
    ours.destroy();
    await assert.rejects(negotiating);
  });

  it("refuses a backend that offers only None when it is the only one accepted", async (t) => {
    const { ours } = await serverRunning(t, async (socket, reader) => {
      socket.write("RFB 003.008\n\x01\x01");
      await reader.readExact(12);
    });
    await assert.rejects(negotiateWithServer(ours, [veNCryptHandler(X509_NONE)], noDeadline), {
      code: "RFB_ERR_PEER_INCOMPATIBLE",
      message: "server Security: offers None (1); accepted here: VeNCrypt (19)",
    });
  });

  it("rejects a certificate of a stranger", async (t) => {
    const { ours } = await serverRunning(t, async (socket, reader) => {
      await offer(socket, reader, "01 13", "01 00000104");
      socket.write(hex("01"));
      reader.release();
      await acceptTls(socket, noDeadline);
    });
    const options = { ...X509_NONE, tls: withoutName(readFileSync(stranger.certFile)) };
    await assert.rejects(negotiateWithServer(ours, [veNCryptHandler(options)], noDeadline), {
      code: "RFB_ERR_PEER_MISBEHAVED",
      message: /^server VeNCrypt: TLS handshake failed: /,
    });
  });

  it("answers a challenge with X509Vnc, and shows name and password with Plain", async (t) => {
    const challenge = Buffer.alloc(16, 5);
    const credential = { userName: Buffer.from("ann"), password: Buffer.from("hunter22") };
    const vnc = await serverRunning(t, async (socket, reader) => {
      assert.equal(await offer(socket, reader, "01 13", "01 00000105"), 261);
      socket.write(hex("01"));
      reader.release();
      const secured = await acceptTls(socket, noDeadline);
      secured.write(challenge);
      const response = await new ByteReader(secured, noDeadline).readExact(16);
      assert.deepEqual(response, createVncResponder(Buffer.from("hunter22"))(challenge));
      secured.write(hex("00000000"));
    });
    const x509 = { tls: withoutName(ca), subtypes: [261, 256], credential };
    await negotiateWithServer(vnc.ours, [veNCryptHandler(x509)], noDeadline);
    await vnc.scripted;

    const plain = await serverRunning(t, async (socket, reader) => {
      assert.equal(await offer(socket, reader, "01 13", "01 00000100"), 256);
      const wire = await reader.readExact(8 + 3 + 8);
      assert.deepEqual(wire, Buffer.concat([hex("00000003 00000008"), Buffer.from("annhunter22")]));
      socket.write(hex("00000000"));
    });
    await negotiateWithServer(plain.ours, [veNCryptHandler(x509)], noDeadline);
    await plain.scripted;
  });

  const mistakes = [
    {
      name: "a server that refuses our version",
      sent: "0002 ff",
      message: "server VeNCrypt: refused version 0.2",
    },
    {
      name: "a server that speaks 0.1",
      sent: "0001",
      message: "server VeNCrypt: speaks 0.1, not 0.2",
    },
    {
      name: "a server without a subtype for us",
      sent: "0002 00 02 00000103 000003e7",
      message:
        "server VeNCrypt: offers TLSPlain (259), unknown (999); accepted here: X509None (260)",
    },
    {
      name: "a server that takes the subtype back",
      sent: "0002 00 01 00000104 00",
      message: "server VeNCrypt: refused subtype X509None (260)",
    },
    {
      name: "plaintext where TLS must start",
      sent: "0002 00 01 00000104 01 16",
      message: "server VeNCrypt: sent plaintext before TLS",
    },
  ];
  for (const { name, sent, message } of mistakes) {
    it(`rejects ${name}`, async (t) => {
      const { ours } = await serverRunning(t, async (socket, reader) => {
        socket.write(Buffer.concat([Buffer.from("RFB 003.008\n\x01\x13"), hex(sent)]));
        await reader.readExact(12);
      });
      await assert.rejects(negotiateWithServer(ours, [veNCryptHandler(X509_NONE)], noDeadline), {
        message,
      });
    });
  }
});

describe("vncAuthHandler()", { timeout: 30_000 }, () => {
  for (const version of ["3", "7", "8"]) {
    it(`answers a 3.${version} server's challenge and reads its SecurityResult`, async (t) => {
      const challenge = Buffer.alloc(16, 9);
      const { ours, scripted } = await serverRunning(t, async (socket, reader) => {
        socket.write(`RFB 003.00${version}\n`);
        await reader.readExact(12);
        socket.write(version === "3" ? hex("00000002") : hex("01 02"));
        if (version !== "3") assert.equal(await reader.readU8(), 2);
        socket.write(challenge);
        const response = await reader.readExact(16);
        assert.deepEqual(response, createVncResponder(Buffer.from("hunter22"))(challenge));
        socket.write(hex("00000000"));
      });
      await negotiateWithServer(
        ours,
        [noneHandler, vncAuthHandler(Buffer.from("hunter22"))],
        noDeadline,
      );
      await scripted;
    });
  }

  it("tells a wrong password", async (t) => {
    const { ours } = await serverRunning(t, async (socket, reader) => {
      socket.write(Buffer.concat([Buffer.from("RFB 003.008\n\x01\x02"), Buffer.alloc(16)]));
      await reader.readExact(29);
      socket.write(Buffer.concat([hex("00000001 00000006"), Buffer.from("denied")]));
    });
    await assert.rejects(
      negotiateWithServer(ours, [vncAuthHandler(Buffer.from("wrong"))], noDeadline),
      {
        code: "RFB_ERR_PEER_REJECTED",
        message: "server SecurityResult: denied",
      },
    );
  });
});
