import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type ConnectionOptions } from "node:tls";
import { frame, RawClient, upgradeRequest } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

const directory = mkdtempSync(join(tmpdir(), "novncproxy-tls-"));
const certFile = join(directory, "cert.pem");
const keyFile = join(directory, "key.pem");
const tls = {
  cert: certFile,
  key: keyFile,
  sslOnly: false,
  ciphers: null,
  minimumVersion: "default",
} as const;
const accessUrlBase = "https://localhost:6080/vnc_auto.html";

let proxy: TestProxy;
before(async () => {
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-keyout", keyFile, "-out", certFile],
    ],
    { stdio: "ignore", timeout: 20_000 },
  );
  proxy = await TestProxy.start({ tls }, { accessUrlBase });
});
after(async () => {
  await proxy.stop();
  rmSync(directory, { recursive: true });
});

async function secure(port: number, options: ConnectionOptions = {}): Promise<RawClient> {
  const ca = readFileSync(certFile);
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca, ...options });
  await once(socket, "secureConnect");
  return new RawClient(socket);
}

describe("nova-novncproxy with a certificate", { timeout: 30_000 }, () => {
  it("serves the page in TLS and plain on one port", async () => {
    const request = "GET /vnc_lite.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const client = await secure(proxy.port);
    client.send(request);
    assert.match(await client.rest(), /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(await RawClient.ask(proxy.port, request), /^HTTP\/1\.1 200 OK\r\n/);
  });

  it("opens a console in TLS for a page in TLS, delivered whole to the last byte", async () => {
    const client = await secure(proxy.port);
    const behind = Buffer.concat([frame("RFB 003.008\n"), frame(Buffer.of(1))]);
    client.send(upgradeRequest("/?token=good", { Host: "localhost", Origin: "https://localhost" }));
    client.send(behind);
    assert.match(await client.head(), / 101 /);
    const server = await proxy.backend.next();
    server.end(Buffer.alloc(200_000, 7));
    let received = 0;
    while (received < 12 + 2 + 4 + 200_000) received += (await client.binary()).length;
    assert.deepEqual(await client.close(), [1000, "Target closed"]);
    client.socket.destroy();
  });

  it("refuses a page that is not in TLS with 403", async () => {
    const client = await secure(proxy.port);
    client.send(upgradeRequest("/?token=good", { Host: "localhost", Origin: "http://localhost" }));
    assert.match(await client.rest(), /^HTTP\/1\.1 403 /);
  });

  it("answers a half-sent request in TLS with 408", async () => {
    const hasty = await TestProxy.start({ tls, session: { handshakeTimeoutMs: 1000 } });
    const client = await secure(hasty.port);
    client.send("GET / HT");
    assert.match(await client.rest(), /^HTTP\/1\.1 408 /);
    await hasty.stop();
  });

  it("resets plain connections with ssl_only", async () => {
    const strict = await TestProxy.start({ tls: { ...tls, sslOnly: true } });
    const socket = connectPlain({ host: "127.0.0.1", port: strict.port });
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await new Promise((resolve) => socket.once("close", resolve));
    assert.equal(socket.bytesRead, 0);
    await strict.stop();
  });

  it("refuses versions below ssl_minimum_version", async () => {
    const strict = await TestProxy.start({ tls: { ...tls, minimumVersion: "tlsv1_3" } });
    await assert.rejects(secure(strict.port, { maxVersion: "TLSv1.2" }));
    (await secure(strict.port)).socket.destroy();
    await strict.stop();
  });

  it("says that TLS is off where the default certificate is not there", async () => {
    const plain = await TestProxy.start({ tls: { ...tls, cert: "self.pem" } });
    assert.deepEqual(plain.log, ['TLS is off: no certificate file {"cert":"self.pem"}']);
    await plain.stop();
  });

  it("does not start without the certificate that was named, or with ssl_only and none", async () => {
    for (const absent of [{ cert: "/absent.pem" }, { cert: "self.pem", sslOnly: true }]) {
      await assert.rejects(TestProxy.start({ tls: { ...tls, ...absent } }), {
        code: "LISTENER_ERR_TLS_SETTINGS",
      });
    }
  });

  it("takes TLS settings and allowed origins anew at a reload", async () => {
    const own = await TestProxy.start({ tls: { ...tls, cert: "" } });
    own.proxy.reload({ ...own.settings, tls, allowedOrigins: ["horizon.example"] });
    (await secure(own.port)).socket.destroy();
    const client = await own.upgrade("/?token=good", { Origin: "http://horizon.example" });
    assert.match(await client.head(), / 101 /);
    client.socket.destroy();
    await own.stop();
  });

  it("gives the place of a viewer that waits to the next one, once the first has left", async () => {
    const tokenLimits = { failuresPerNetwork: 1, delayMs: 60_000, waitingPerNetwork: 1 };
    const throttled = await TestProxy.start({ tls, tokenLimits }, { accessUrlBase });
    try {
      const wrong = await secure(throttled.port);
      wrong.send(upgradeRequest("/?token=wrong"));
      await wrong.head();
      wrong.socket.destroy();
      while (!throttled.log.some((line) => line.includes("token-invalid"))) {
        await new Promise(setImmediate);
      }
      // One ends TLS, the other one only TCP.
      for (const endsTls of [true, false]) {
        const tcp = connectPlain({ host: "127.0.0.1", port: throttled.port });
        const viewer = await secure(throttled.port, { socket: tcp });
        viewer.send(upgradeRequest("/?token=good"));
        while (throttled.throttled.length === 0) await new Promise(setImmediate);
        assert.deepEqual(throttled.throttled.splice(0), ["delayed"]);
        (endsTls ? viewer.socket : tcp).end();
        await once(tcp, "close");
      }
    } finally {
      await throttled.stop();
    }
  });
});
