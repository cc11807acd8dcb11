import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { after, describe, it, type TestContext } from "node:test";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { ByteReader } from "@nova-console/byte-stream";
import { chunkings, hex, readToEnd } from "@nova-console/byte-stream/testing";
import { createTlsAcceptor } from "@nova-console/listener";
import { makeTestCertificate } from "@nova-console/listener/testing";
import fc from "fast-check";
import type { ProtocolVersion } from "./protocol-version.ts";
import type { ViewerCredential } from "./viewer-credential.ts";
import {
  askViewerCredential,
  type ViewerSecurity,
  type WaitingViewer,
  writeSecurityResultFailed,
  writeSecurityResultOk,
} from "./viewer-security.ts";
import { anonymousTlsOptions, type ViewerTls, x509TlsOptions } from "./viewer-tls.ts";
import { createVncResponder } from "./vnc-challenge.ts";

const noDeadline = new AbortController().signal;
const certificate = makeTestCertificate();
after(() => {
  certificate.remove();
});

const x509 = {
  cert: readFileSync(certificate.certFile),
  key: readFileSync(certificate.keyFile),
};
const tls: ViewerTls = {
  x509: createTlsAcceptor(x509TlsOptions(x509)),
  anonymous: createTlsAcceptor(anonymousTlsOptions()),
};

/** Both ends of a TCP connection: TLS needs real sockets. */
async function socketPair(t: TestContext): Promise<{ proxySide: Socket; viewer: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const viewer = connectTcp({ port: address.port, host: "127.0.0.1", noDelay: true });
  const [proxySide] = await accepted;
  for (const socket of [viewer, proxySide]) socket.on("error", () => undefined);
  t.after(() => {
    viewer.destroy();
    proxySide.destroy();
    server.close();
  });
  return { proxySide, viewer };
}

/** Writes each chunk in a segment of its own, as far as TCP lets us. */
async function send(viewer: Socket, chunks: readonly Buffer[]): Promise<void> {
  for (const chunk of chunks) await new Promise((resolve) => viewer.write(chunk, resolve));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function plain(userName: string, password: string): Buffer {
  const lengths = Buffer.concat([u32(userName.length), u32(password.length)]);
  return Buffer.concat([lengths, Buffer.from(userName + password)]);
}

/** Asks a viewer and waits for what it shows. */
async function readViewerCredential(
  proxySide: Socket,
  version: ProtocolVersion,
  offered: readonly ViewerSecurity[],
  ways: ViewerTls,
  signal: AbortSignal,
): Promise<WaitingViewer & { readonly credential: ViewerCredential }> {
  const asked = await askViewerCredential(proxySide, version, offered, ways, signal);
  return { ...asked, credential: await asked.readCredential(signal) };
}

const every: readonly ViewerSecurity[] = ["X509Plain", "TLSPlain", "Plain", "xvp", "VncAuth"];

describe("askViewerCredential()", { timeout: 30_000 }, () => {
  const offers = [
    { offered: every, types: "03 13 16 02" },
    { offered: ["VncAuth", "xvp"], types: "02 02 16" },
    { offered: ["VncAuth", "Plain", "TLSPlain"], types: "02 02 13" },
  ] as const;
  for (const { offered, types } of offers) {
    it(`offers ${offered.join(", ")} in this order`, async (t) => {
      const { proxySide, viewer } = await socketPair(t);
      const waiting = readViewerCredential(proxySide, "3.8", offered, tls, noDeadline);
      const reader = new ByteReader(viewer, noDeadline);
      assert.deepEqual(await reader.readExact(hex(types).length), hex(types));
      viewer.end();
      await assert.rejects(waiting, { code: "STREAM_ERR_UNEXPECTED_EOF" });
    });
  }

  const vencryptPlain = Buffer.concat([hex("13 0002 00000100"), plain("ann", "secret")]);
  for (const [delivery, chunks] of chunkings(vencryptPlain)) {
    it(`reads Plain, delivered ${delivery}`, async (t) => {
      const { proxySide, viewer } = await socketPair(t);
      const [{ security, credential }] = await Promise.all([
        readViewerCredential(proxySide, "3.8", every, tls, noDeadline),
        send(viewer, chunks),
      ]);
      assert.equal(security, "Plain");
      assert.deepEqual(credential, { kind: "token", text: "secret" });
    });
  }

  const overTls: { security: ViewerSecurity; subtype: number; options: ConnectionOptions }[] = [
    { security: "X509Plain", subtype: 262, options: { rejectUnauthorized: false } },
    {
      security: "TLSPlain",
      subtype: 259,
      options: { ciphers: "aNULL:@SECLEVEL=0", maxVersion: "TLSv1.2", rejectUnauthorized: false },
    },
  ];
  for (const { security, subtype, options } of overTls) {
    it(`reads ${security} inside TLS and answers inside it`, async (t) => {
      const { proxySide, viewer } = await socketPair(t);
      const reading = readViewerCredential(proxySide, "3.8", every, tls, noDeadline);
      const reader = new ByteReader(viewer, noDeadline);
      await reader.readExact(4);
      await send(viewer, [hex("13 0002")]);
      // Version 0.2, accepted, three subtypes in the operator's order.
      assert.deepEqual(await reader.readExact(16), hex("0002 00 03 00000106 00000103 00000100"));
      await send(viewer, [u32(subtype)]);
      assert.equal(await reader.readU8(), 1);
      reader.release();
      const secured = connectTls({ ...options, socket: viewer });
      secured.write(plain("", "secret"));
      const waiting = await reading;
      assert.deepEqual(waiting.credential, { kind: "token", text: "secret" });
      assert.equal(waiting.security, security);
      writeSecurityResultOk(waiting);
      assert.equal(await new ByteReader(secured, noDeadline).readU32(), 0);
      assert.equal(secured.getProtocol(), "TLSv1.2");
    });
  }

  it("closes the connection of a viewer that breaks TLS later on", async (t) => {
    const { proxySide, viewer } = await socketPair(t);
    const reading = readViewerCredential(proxySide, "3.8", ["X509Plain"], tls, noDeadline);
    const reader = new ByteReader(viewer, noDeadline);
    await send(viewer, [hex("13 0002"), u32(262)]);
    await reader.readExact(2 + 2 + 1 + 1 + 4 + 1);
    reader.release();
    const [near, far] = duplexPair();
    far.pipe(viewer, { end: false }).pipe(far);
    const secured = connectTls({ socket: near, rejectUnauthorized: false });
    secured.on("error", () => undefined).write(plain("", "secret"));
    const { stream } = await reading;
    // A record whose authentication tag is wrong.
    viewer.write(Buffer.concat([hex("17 0303 0020"), Buffer.alloc(32)]));
    await assert.rejects(
      new ByteReader(stream, noDeadline).readU8(),
      /SSL routines|cipher operation failed/,
    );
    assert.ok(stream.destroyed);
  });

  it("speaks TLS 1.3 in X509Plain when nothing below is allowed", async (t) => {
    const { proxySide, viewer } = await socketPair(t);
    const options = x509TlsOptions({ ...x509, minVersion: "TLSv1.3" });
    const newest = { ...tls, x509: createTlsAcceptor(options) };
    const reading = readViewerCredential(proxySide, "3.8", ["X509Plain"], newest, noDeadline);
    const reader = new ByteReader(viewer, noDeadline);
    await send(viewer, [hex("13 0002"), u32(262)]);
    // One type; version 0.2, accepted; one subtype; its ack.
    await reader.readExact(2 + 2 + 1 + 1 + 4 + 1);
    reader.release();
    const secured = connectTls({ socket: viewer, rejectUnauthorized: false });
    secured.write(plain("", "secret"));
    await reading;
    assert.equal(secured.getProtocol(), "TLSv1.3");
  });

  it("reads the target of xvp and lets its password be anything", async (t) => {
    const { proxySide, viewer } = await socketPair(t);
    const reading = readViewerCredential(proxySide, "3.8", ["xvp"], tls, noDeadline);
    await send(viewer, [hex("16 03 06"), Buffer.from("annsecret"), Buffer.alloc(16)]);
    const { credential } = await reading;
    assert.deepEqual(credential, { kind: "token", text: "secret" });
  });

  for (const version of ["3.3", "3.7", "3.8"] as const) {
    it(`challenges a ${version} viewer that knows VncAuth only`, async (t) => {
      const { proxySide, viewer } = await socketPair(t);
      const reading = readViewerCredential(proxySide, version, every, tls, noDeadline);
      const reader = new ByteReader(viewer, noDeadline);
      if (version === "3.3") assert.equal(await reader.readU32(), 2);
      else {
        await reader.readExact(4);
        await send(viewer, [hex("02")]);
      }
      await send(viewer, [createVncResponder(Buffer.from("hunter22"))(await reader.readExact(16))]);
      const { credential } = await reading;
      assert.ok(credential.kind === "response");
      assert.deepEqual(
        credential.response,
        createVncResponder(Buffer.from("hunter22"))(credential.challenge),
      );
    });
  }

  const mistakes = [
    {
      name: "a type that was not offered",
      sent: hex("01"),
      code: "RFB_ERR_PEER_INCOMPATIBLE",
      message: "viewer Security: chose None (1), was offered VeNCrypt (19), Xvp (22), VncAuth (2)",
    },
    {
      name: "another VeNCrypt version",
      sent: hex("13 0001"),
      code: "RFB_ERR_PEER_INCOMPATIBLE",
      message: "viewer VeNCrypt: speaks 0.1, not 0.2",
    },
    {
      name: "a subtype that was not offered",
      sent: hex("13 0002 00000104"),
      code: "RFB_ERR_PEER_INCOMPATIBLE",
      message:
        "viewer VeNCrypt: chose X509None (260), was offered X509Plain (262), TLSPlain (259), Plain (256)",
    },
    {
      name: "plaintext where TLS must start",
      sent: hex("13 0002 00000106 16"),
      code: "RFB_ERR_PEER_MISBEHAVED",
      message: "viewer VeNCrypt: sent plaintext before TLS",
    },
    {
      name: "a password of 4 GiB, without waiting for it",
      sent: hex("13 0002 00000100 00000000 ffffffff"),
      code: "RFB_ERR_PEER_MISBEHAVED",
      message: "viewer VeNCrypt: announces a credential of more than 1024 bytes",
    },
  ];
  for (const { name, sent, code, message } of mistakes) {
    it(`rejects ${name}`, async (t) => {
      const { proxySide, viewer } = await socketPair(t);
      const reading = readViewerCredential(proxySide, "3.8", every, tls, noDeadline);
      viewer.write(sent);
      await assert.rejects(reading, { code, message });
    });
  }

  const late = [
    { way: "Plain", chosen: "13 0002 00000100", said: "01 13 0002 00 01 00000100", challenge: 0 },
    { way: "VncAuth", chosen: "02", said: "01 02", challenge: 16 },
    { way: "xvp", chosen: "16", said: "01 16", challenge: 16 },
    { way: "xvp", chosen: "16 01 01 6161", said: "01 16", challenge: 16 },
  ] as const;
  for (const { way, chosen, said, challenge } of late) {
    it(`refuses with a reason who has chosen ${way} and sent ${chosen}, and no more`, async (t) => {
      const { proxySide, viewer } = await socketPair(t);
      const asking = askViewerCredential(proxySide, "3.8", [way], tls, noDeadline);
      await send(viewer, [hex(chosen)]);
      const asked = await asking;
      const ending = new AbortController();
      const reading = assert.rejects(asked.readCredential(ending.signal), { message: "too slow" });
      const reader = new ByteReader(viewer, noDeadline);
      assert.deepEqual(await reader.readExact(hex(said).length), hex(said));
      if (chosen !== "16") await reader.readExact(challenge);
      ending.abort(new Error("too slow"));
      await reading;
      asked.refuse("busy");
      if (chosen === "16") await reader.readExact(challenge);
      proxySide.end();
      assert.deepEqual(await reader.readExact(12), hex("00000001 00000004 62757379"));
    });
  }

  it("tells a viewer so when nothing can be offered", async (t) => {
    const { proxySide, viewer } = await socketPair(t);
    const without = { ...tls, x509: null };
    const reading = readViewerCredential(proxySide, "3.8", ["X509Plain"], without, noDeadline);
    await assert.rejects(reading, { code: "RFB_ERR_PEER_INCOMPATIBLE" });
    const reader = new ByteReader(viewer, noDeadline);
    assert.equal(await reader.readU8(), 0);
    assert.match((await reader.readExact(await reader.readU32())).toString(), /TLS/);
  });

  it("turns a 3.3 viewer away in words when VncAuth is not offered", async (t) => {
    const { proxySide, viewer } = await socketPair(t);
    const reading = readViewerCredential(proxySide, "3.3", ["X509Plain"], tls, noDeadline);
    await assert.rejects(reading, { code: "RFB_ERR_PEER_INCOMPATIBLE" });
    const reader = new ByteReader(viewer, noDeadline);
    assert.equal(await reader.readU32(), 0);
    const words = await reader.readExact(await reader.readU32());
    assert.match(words.toString(), /too old/);
  });

  it("ends within the deadline whatever a viewer sends", async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (bytes) => {
        const { proxySide, viewer } = await socketPair(t);
        const reading = readViewerCredential(proxySide, "3.8", every, tls, noDeadline);
        viewer.end(bytes);
        await reading.then(
          ({ stream }) => stream.destroy(),
          (error: unknown) => {
            assert.ok(error instanceof Error && "code" in error, String(error));
          },
        );
        viewer.destroy();
      }),
      { numRuns: 60 },
    );
  });
});

describe("writeSecurityResultFailed()", { timeout: 30_000 }, () => {
  for (const [version, wire] of [
    ["3.7", "00000001"],
    ["3.8", "00000001 00000004 62757379"],
  ] as const) {
    it(`tells a ${version} viewer no, with words where the version has them`, async (t) => {
      const { proxySide, viewer } = await socketPair(t);
      writeSecurityResultFailed(
        {
          stream: proxySide,
          version,
          security: "Plain",
        },
        "busy",
      );
      proxySide.end();
      assert.deepEqual(await readToEnd(viewer), hex(wire));
    });
  }
});
