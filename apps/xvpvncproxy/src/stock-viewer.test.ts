import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { ByteReader } from "@nova-console/byte-stream";
import { chunkings, hex } from "@nova-console/byte-stream/testing";
import { makeTestCertificate } from "@nova-console/listener/testing";
import { createVncResponder } from "@nova-console/rfb";
import { deriveViewerPassword, openViewerPasswordSecret, Token } from "@nova-console/token";
import fc from "fast-check";
import { Bench, expectText, owned, readAll, startBackend, timeout } from "./testing/bench.ts";

const RFB = "RFB 003.008\n";
const WRONG = "token is unknown or expired: open the console again from the dashboard";

const directory = mkdtempSync(join(tmpdir(), "stock-viewer-"));
const secretFile = join(directory, "secret");
const certificate = makeTestCertificate();
const tls = {
  cert: certificate.certFile,
  key: certificate.keyFile,
  sslOnly: false,
  ciphers: null,
  minimumVersion: "default",
} as const;
after(() => {
  rmSync(directory, { recursive: true });
  certificate.remove();
});

/** VeNCrypt Plain: type, version, subtype, lengths, user name, password. */
function plain(password: string): Buffer {
  const lengths = Buffer.of(0, 0, 0, 3, 0, 0, 0, password.length);
  return Buffer.concat([hex("13 0002 00000100"), lengths, Buffer.from(`ann${password}`)]);
}

/** What the proxy says after `types` to a viewer that picks Plain. */
const ASIDE = Buffer.concat([hex("0002 00 01 00000100")]);

async function expectBytes(socket: Socket, bytes: Buffer): Promise<void> {
  await expectText(socket, bytes.toString("latin1"));
}

/** Reads SecurityResult: null for OK, else the reason. */
async function readResult(socket: Socket): Promise<string | null> {
  const reader = new ByteReader(socket, AbortSignal.timeout(timeout));
  try {
    if ((await reader.readU32()) === 0) return null;
    return (await reader.readExact(await reader.readU32())).toString();
  } finally {
    reader.release();
  }
}

async function echoes(socket: Socket): Promise<void> {
  socket.write("\u0001hello");
  await expectText(socket, "\u0001hello");
}

/** A backend that must not be dialled. */
function undialled(): Promise<number> {
  return startBackend(() => {
    assert.fail("a backend was dialled");
  });
}

describe("a stock viewer on the port of XVP", { timeout }, () => {
  it("is spoken to once it has been silent, and gets its console by Plain", async () => {
    const bench = await Bench.open(await startBackend());
    const viewer = bench.connect();
    await expectText(viewer, RFB);
    viewer.write(RFB);
    await expectBytes(viewer, hex("01 13"));
    viewer.write(plain("good"));
    await expectBytes(viewer, ASIDE);
    assert.equal(await readResult(viewer), null);
    await echoes(viewer);
    viewer.end();
    await once(viewer, "close");
    assert.equal(bench.records[0]?.front, "rfb-Plain");
  });

  // Silent at first or not, whole or in pieces: what comes is the same.
  for (const [delivery, chunks] of chunkings(Buffer.concat([Buffer.from(RFB), plain("good")]))) {
    it(`may send all it has without waiting, delivered ${delivery}`, async () => {
      const bench = await Bench.open(await startBackend());
      const viewer = bench.connect();
      for (const chunk of chunks) await new Promise((resolve) => viewer.write(chunk, resolve));
      await expectText(viewer, RFB);
      await expectBytes(viewer, Buffer.concat([hex("01 13"), ASIDE]));
      assert.equal(await readResult(viewer), null);
      await echoes(viewer);
    });
  }

  it("may come in TLS, and is looked at again inside it", async () => {
    const bench = await Bench.open(await startBackend(), { tls });
    const { port } = bench.proxy.address();
    for (const speaksFirst of [false, true]) {
      const viewer = owned(connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }));
      if (speaksFirst) {
        viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
        await expectText(viewer, `HTTP/1.1 200 OK\r\n\r\n${RFB}`);
      } else {
        await expectText(viewer, RFB);
        viewer.write(Buffer.concat([Buffer.from(RFB), plain("good")]));
        await expectBytes(viewer, Buffer.concat([hex("01 13"), ASIDE]));
        assert.equal(await readResult(viewer), null);
        await echoes(viewer);
      }
    }
  });

  it("is told in words that its token is wrong, and nothing is dialled", async () => {
    const bench = await Bench.open(await undialled());
    for (const password of ["bad", "good\0"]) {
      const viewer = bench.connect();
      viewer.write(Buffer.concat([Buffer.from(RFB), plain(password)]));
      await expectText(viewer, RFB);
      await expectBytes(viewer, Buffer.concat([hex("01 13"), ASIDE]));
      assert.equal(await readResult(viewer), WRONG);
      await readAll(viewer);
    }
    assert.deepEqual(
      bench.records.map(({ reason }) => reason),
      ["token-invalid", "token-invalid"],
    );
  });

  it("is told in words that the instance cannot be reached", async () => {
    const bench = await Bench.open(1);
    const viewer = bench.connect();
    viewer.write(Buffer.concat([Buffer.from(RFB), plain("good")]));
    await expectBytes(viewer, Buffer.concat([Buffer.from(RFB), hex("01 13"), ASIDE]));
    assert.equal(await readResult(viewer), "the instance's screen cannot be reached");
  });

  describe("that knows VncAuth only", () => {
    const options = { viewerSecurity: ["VncAuth"], viewerPasswordSecretFile: secretFile } as const;

    /** The viewer's part with `password`; @returns what SecurityResult said */
    async function tryPassword(bench: Bench, password: string): Promise<string | null> {
      const viewer = bench.connect();
      viewer.write(RFB);
      await expectText(viewer, RFB);
      await expectBytes(viewer, hex("01 02"));
      viewer.write(hex("02"));
      const reader = new ByteReader(viewer, AbortSignal.timeout(timeout));
      const challenge = await reader.readExact(16);
      reader.release();
      viewer.write(createVncResponder(Buffer.from(password))(challenge));
      return readResult(viewer);
    }

    it("gets its console with the password that was derived for it", async () => {
      const bench = await Bench.open(await startBackend(), options);
      const secret = openViewerPasswordSecret(secretFile);
      const password = deriveViewerPassword(secret, new Token("good").digest);
      assert.equal(await tryPassword(bench, password), null);
    });

    it("is told that a password is wrong", async () => {
      const bench = await Bench.open(await undialled(), options);
      assert.equal(await tryPassword(bench, "wrong"), WRONG);
    });
  });

  describe("whose password field holds 8 characters", () => {
    const options = {
      viewerSecurity: ["Plain", "VncAuth"],
      viewerPasswordSecretFile: secretFile,
    } as const;

    async function tryPlain(bench: Bench, password: string): Promise<string | null> {
      const viewer = bench.connect();
      viewer.write(Buffer.concat([Buffer.from(RFB), plain(password)]));
      await expectText(viewer, RFB);
      await expectBytes(viewer, Buffer.concat([hex("02 13 02"), ASIDE]));
      return readResult(viewer);
    }

    it("gets its console by Plain with the password that was derived for VncAuth", async () => {
      const bench = await Bench.open(await startBackend(), options);
      const secret = openViewerPasswordSecret(secretFile);
      const password = deriveViewerPassword(secret, new Token("good").digest);
      assert.equal(await tryPlain(bench, password), null);
      assert.equal(bench.records.length, 0);
    });

    it("is told that another one is wrong, and its token still opens", async () => {
      const bench = await Bench.open(await startBackend(), options);
      assert.equal(await tryPlain(bench, "ABCDEFGH"), WRONG);
      assert.equal(await tryPlain(bench, "good"), null);
    });
  });

  it("is offered no VncAuth where passwords find no token, or the secret cannot be made", async () => {
    const impossible = "/proc/no-folder/secret";
    for (const viewerPasswordSecretFile of [null, impossible]) {
      const viewerSecurity = ["Plain", "VncAuth"] as const;
      const bench = await Bench.open(await undialled(), {
        viewerSecurity,
        viewerPasswordSecretFile,
      });
      const viewer = bench.connect();
      viewer.write(RFB);
      await expectText(viewer, RFB);
      await expectBytes(viewer, hex("01 13"));
      assert.ok(bench.log.some((line) => line.startsWith("VncAuth is not offered: ")));
    }
  });

  it("must choose what encrypts when ssl_only is set", async () => {
    const viewerSecurity = ["Plain", "TLSPlain", "xvp", "X509Plain"] as const;
    const onlyTls = { tls: { ...tls, sslOnly: true }, viewerSecurity };
    const bench = await Bench.open(await undialled(), onlyTls);
    const viewer = bench.connect();
    await expectText(viewer, RFB);
    viewer.write(Buffer.concat([Buffer.from(RFB), hex("13 0002")]));
    await expectBytes(viewer, hex("01 13 0002 00 02 00000103 00000106"));
    const clear = bench.connect();
    clear.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await assert.rejects(readAll(clear), { code: "ECONNRESET" });
  });

  it("that never says a thing is let go at the handshake's end", async () => {
    const bench = await Bench.open(await undialled(), {}, { handshakeTimeoutMs: 100 });
    assert.equal(await readAll(bench.connect()), RFB);
  });

  it("finds its connection files beside the console", async () => {
    const bench = await Bench.open(await undialled());
    const file = await bench.ask("GET /console.vv?token=good HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(file, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(file, /\nhost=console\.example\n/);
    assert.match(
      await bench.ask("GET /console.vnc?token=bad HTTP/1.1\r\n\r\n"),
      /^HTTP\/1\.1 403 /,
    );
  });

  it("warns the operator who lists what sends the token in clear", async () => {
    const bench = await Bench.open(await startBackend(), { viewerSecurity: ["X509Plain", "xvp"] });
    assert.ok(bench.log.some((line) => line.includes("lists xvp: viewers that choose it send")));
  });

  it("survives any bytes: all end, nothing is dialled, nothing is called a bug", async () => {
    const bench = await Bench.open(
      await undialled(),
      { maxConnectionsPerAddress: 1_000 },
      { handshakeTimeoutMs: 500 },
    );
    const { port } = bench.proxy.address();
    const start = fc.constantFrom(
      "",
      RFB,
      `${RFB}\u0013\0\u0002`,
      "C",
      "GET /",
      "\u0016\u0003\u0001",
    );
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 60 }), async (begin, rest) => {
        const viewer = owned(connect({ port, host: "127.0.0.1" }));
        viewer.end(Buffer.concat([Buffer.from(begin, "latin1"), rest]));
        viewer.resume();
        // Not once(): a reset is an end as good as any.
        await new Promise((resolve) => viewer.on("close", resolve));
      }),
      { numRuns: 300 },
    );
    assert.ok(!bench.log.some((line) => line.includes("bug")), bench.log.join("\n"));
    assert.ok(bench.records.every(({ reason }) => reason !== "internal-error"));
  });
});
