import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, describe, it, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import type { Listener } from "./listen-options.ts";
import { listen } from "./listen.ts";
import { loadTlsSettings } from "./load-tls-settings.ts";
import { READ_AHEAD_BYTES } from "./read-ahead.ts";
import { makeTestCertificate } from "./testing.ts";

const certificate = makeTestCertificate();
after(() => {
  certificate.remove();
});
const tls = loadTlsSettings({
  ...{ cert: certificate.certFile, key: certificate.keyFile, sslOnly: false },
  ...{ ciphers: null, minimumVersion: "default" },
});

const SINGLE_BYTES = 2 * READ_AHEAD_BYTES;

/** A listener, and the next connection that it hands over. */
async function listening(
  t: TestContext,
): Promise<{ listener: Listener; arrived: Promise<Socket> }> {
  let arrive: (socket: Socket) => void = () => undefined;
  const arrived = new Promise<Socket>((resolve) => {
    arrive = resolve;
  });
  const listener = await listen({
    ...{ host: "127.0.0.1", port: 0, tls, tlsOnly: false, firstByteTimeoutMs: 10_000 },
    now: () => performance.now(),
    ...{ maxConnectionsPerAddress: 100, maxConnectionsWithoutToken: 100 },
    onConnection: arrive,
    onLimit: () => undefined,
  });
  t.after(() => listener.close());
  return { listener, arrived };
}

describe("a socket of listen() that is not read", { timeout: 30_000 }, () => {
  for (const isTls of [false, true]) {
    it(`holds few pieces of one byte, ${isTls ? "with TLS" : "plain"}`, async (t) => {
      const { listener, arrived } = await listening(t);
      const { host, port } = listener.address();
      const viewer = isTls
        ? connectTls({ host, port, ca: tls?.cert, servername: "localhost" })
        : connect({ host, port });
      t.after(() => viewer.destroy());
      viewer.setNoDelay(true);
      await once(viewer, isTls ? "secureConnect" : "connect");
      viewer.write("x");
      const socket = await arrived;
      t.after(() => socket.destroy());
      socket.pause();
      for (let sent = 0; sent < SINGLE_BYTES; sent++) {
        viewer.write("x");
        // A read for each.
        await new Promise(setImmediate);
      }
      assert.ok(socket.readableLength <= 1.1 * READ_AHEAD_BYTES, `${socket.readableLength} pieces`);
    });
  }
});
