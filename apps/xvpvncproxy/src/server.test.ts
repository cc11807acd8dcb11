import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { makeTestCertificate, type TestCertificate } from "@nova-console/listener/testing";
import { admitWithoutSecurity, exchangeVersions } from "@nova-console/rfb";
import {
  Bench,
  expectText,
  owned,
  readAll,
  settings,
  startBackend,
  started,
  timeout,
  UUID,
} from "./testing/bench.ts";
import type { XvpVncProxySettings } from "./settings.ts";

const OK = "HTTP/1.1 200 OK\r\n\r\n";
const RFB = "RFB 003.008\n";

function refusal(status: number, words: string): string {
  return (
    `HTTP/1.1 ${status} ${words}\r\nContent-Type: text/html\r\n` +
    `Content-Length: ${words.length}\r\nConnection: close\r\n\r\n${words}`
  );
}

const notAuthorized = refusal(401, "Not Authorized");
const invalidRequest = refusal(400, "Invalid Request");

/** Runs the handshake and checks that bytes go both ways. */
async function useConsole(viewer: Socket): Promise<void> {
  await expectText(viewer, OK + RFB);
  viewer.write(RFB);
  await expectText(viewer, "\u0001\u0001");
  viewer.write("\u0001");
  await expectText(viewer, "\0\0\0\0");
  viewer.write("\u0001hello");
  await expectText(viewer, "\u0001hello");
}

describe("the XVP handshake", { timeout }, () => {
  let certificate: TestCertificate;
  before(() => {
    certificate = makeTestCertificate();
  });
  after(() => {
    certificate.remove();
  });
  const tls = (sslOnly = false): XvpVncProxySettings["tls"] => ({
    ...settings.tls,
    cert: certificate.certFile,
    key: certificate.keyFile,
    sslOnly,
  });

  for (const request of [
    "CONNECT /console?token=good HTTP/1.0\r\n\r\n",
    "CONNECT /console?token=good HTTP/1.0\n\n",
    "GET /console?token=good HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /console?token=good HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    "GET /x?a=b&token=bad&token=good HTTP/1.0\r\n\r\n",
  ]) {
    it(`opens a console for ${JSON.stringify(request)}`, async () => {
      const bench = await Bench.open(await startBackend());
      const viewer = bench.connect();
      viewer.write(request);
      await useConsole(viewer);
    });
  }

  it("opens a console when all of the viewer's handshake comes at once", async () => {
    const bench = await Bench.open(await startBackend());
    const viewer = bench.connect();
    viewer.write(`CONNECT /?token=good HTTP/1.0\r\n\r\n${RFB}\u0001\u0001hello`);
    await expectText(viewer, `${OK}${RFB}\u0001\u0001\0\0\0\0\u0001hello`);
  });

  it("opens a console when the handshake comes byte by byte", async () => {
    const bench = await Bench.open(await startBackend());
    const viewer = bench.connect().setNoDelay(true);
    for (const byte of `CONNECT /?token=good HTTP/1.0\r\n\r\n${RFB}\u0001\u0001hello`) {
      viewer.write(byte);
    }
    await expectText(viewer, `${OK}${RFB}\u0001\u0001\0\0\0\0\u0001hello`);
  });

  it("opens a console in TLS on the same port", async () => {
    const bench = await Bench.open(await startBackend(), { tls: tls() });
    const { host, port } = bench.proxy.address();
    const ca = readFileSync(certificate.certFile);
    const viewer = owned(connectTls({ host, port, ca, servername: "localhost" }));
    viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await useConsole(viewer);
    const plain = bench.connect();
    plain.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await useConsole(plain);
  });

  it("takes a certificate over while it runs, and keeps it when its file is gone", async () => {
    const bench = await Bench.open(await startBackend());
    bench.proxy.reload({ ...settings, tls: tls() });
    assert.throws(() => {
      bench.proxy.reload(settings);
    }, /\[DEFAULT\] cert: the file of the certificate in use is gone/);
    const { host, port } = bench.proxy.address();
    const ca = readFileSync(certificate.certFile);
    const viewer = owned(connectTls({ host, port, ca, servername: "localhost" }));
    viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await useConsole(viewer);
  });

  it("resets plain connections when ssl_only is set", async () => {
    const bench = await Bench.open(await startBackend(), { tls: tls(true) });
    const viewer = bench.connect();
    viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await assert.rejects(readAll(viewer), { code: "ECONNRESET" });
  });

  it("passes the viewer's end on to the backend and the backend's last bytes to the viewer", async () => {
    const bench = await Bench.open(await startBackend());
    const viewer = bench.connect();
    viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await useConsole(viewer);
    viewer.end("last words");
    assert.equal(await readAll(viewer), "last words");
    await bench.proxy.stop();
    assert.deepEqual(
      bench.records.map(({ front, reason, viewerAddress, instanceUuid, bytesFromViewer }) => [
        ...[front, reason, viewerAddress, instanceUuid, bytesFromViewer],
      ]),
      [["xvp-connect", "viewer-closed", "127.0.0.1", UUID, 16]],
    );
  });

  const refused: [name: string, request: string | Buffer, answer: string][] = [
    ["no token", "GET / HTTP/1.0\r\n\r\n", invalidRequest],
    ["an empty token", "CONNECT /console?token= HTTP/1.0\r\n\r\n", invalidRequest],
    ["an unknown token", "CONNECT /console?token=bad HTTP/1.0\r\n\r\n", notAuthorized],
    [
      "a token after a good one",
      "GET /?token=good&token=bad HTTP/1.0\r\n\r\n",
      notAuthorized,
    ],
    ["a token of another console", "GET /?token=serial HTTP/1.0\r\n\r\n", notAuthorized],
    ["a first line that is none", "SSH-2.0-OpenSSH\r\n", invalidRequest],
    ["bytes that are no text", Buffer.from([0x80, 0, 0xff, 0x0a]), invalidRequest],
    ["a head of more than 8 KiB", `GET /?token=${"x".repeat(9_000)}`, refusal(431, "Request Header Fields Too Large")],
    ["a head of more than 8 KiB in many lines", `GET / HTTP/1.0\r\n${"A: b\r\n".repeat(100_000)}`, refusal(431, "Request Header Fields Too Large")],
    ["a body of more than 8 KiB", "POST / HTTP/1.0\r\nContent-Length: 99999999\r\n\r\n", refusal(413, "Content Too Large")],
  ]; // prettier-ignore
  for (const [name, request, answer] of refused) {
    it(`answers ${name} with ${answer.slice(9, answer.indexOf("\r"))} and closes`, async () => {
      const bench = await Bench.open(await startBackend());
      assert.equal(await bench.ask(request), answer);
    });
  }

  it("answers a head that stays unfinished with 408, and one that ends unfinished with 400", async () => {
    const bench = await Bench.open(await startBackend(), {}, { handshakeTimeoutMs: 100 });
    assert.equal(await bench.ask("CONNECT /?tok"), refusal(408, "Request Timeout"));
    const viewer = bench.connect();
    viewer.end("CONNECT /?tok");
    assert.equal(await readAll(viewer), invalidRequest);
  });

  it("answers 400 when nobody listens where the token leads", async () => {
    const port = await startBackend();
    for (const end of started.splice(0)) await end();
    const bench = await Bench.open(port);
    assert.equal(await bench.ask("CONNECT /?token=good HTTP/1.0\r\n\r\n"), invalidRequest);
  });

  it("answers 400 when the backend is silent or speaks no RFB", async () => {
    const silent = await Bench.open(
      await startBackend(() => undefined),
      {},
      { connectTimeoutMs: 100 },
    );
    const wrong = await Bench.open(await startBackend((socket) => socket.end("SSH-2.0-x\r\n")));
    for (const bench of [silent, wrong]) {
      assert.equal(await bench.ask("CONNECT /?token=good HTTP/1.0\r\n\r\n"), invalidRequest);
    }
  });

  it("answers 503 when there are too many sessions", async () => {
    const bench = await Bench.open(await startBackend(), {}, { maxSessionsPerToken: 1 });
    const viewer = bench.connect();
    viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await useConsole(viewer);
    assert.equal(
      await bench.ask("CONNECT /?token=good HTTP/1.0\r\n\r\n"),
      refusal(503, "Service Unavailable"),
    );
  });

  it("closes a viewer that never tells its version", async () => {
    const bench = await Bench.open(await startBackend(), {}, { handshakeTimeoutMs: 200 });
    const viewer = bench.connect();
    viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    assert.equal(await readAll(viewer), OK + RFB);
    await bench.proxy.stop();
    assert.deepEqual(
      bench.records.map(({ reason }) => reason),
      ["viewer-timeout"],
    );
  });

  it("frees an address's place when the token is good, and not before", async () => {
    const bench = await Bench.open(await startBackend(), { maxConnectionsPerAddress: 1 });
    for (let n = 0; n < 3; n++) {
      const viewer = bench.connect();
      viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
      await useConsole(viewer);
    }
    const asking = bench.connect();
    asking.write("CONNECT /");
    await once(asking, "connect");
    await assert.rejects(bench.ask("GET / HTTP/1.0\r\n\r\n"), { code: "ECONNRESET" });
  });

  it("keeps an address's place while a good token is refused its session", async () => {
    const bench = await Bench.open(
      await startBackend(),
      { maxConnectionsPerAddress: 1 },
      { maxSessionsPerToken: 1 },
    );
    const open = bench.connect();
    open.write("CONNECT /?token=good HTTP/1.0\r\n\r\n");
    await expectText(open, OK);
    // It does not close: all that it was told waits to be read.
    const lingering = bench.connect();
    lingering.write("CONNECT /?token=good HTTP/1.0\r\n\r\n");
    await expectText(lingering, "HTTP/1.1 ");
    await assert.rejects(bench.ask("GET /?token=bad HTTP/1.0\r\n\r\n"), { code: "ECONNRESET" });
  });

  it("drops those who have not asked yet when it is stopped, and serves consoles to their end", async () => {
    const bench = await Bench.open(await startBackend());
    const viewer = bench.connect();
    viewer.write("CONNECT /console?token=good HTTP/1.0\r\n\r\n");
    await useConsole(viewer);
    const asking = bench.connect();
    asking.write("CONNECT /");
    await once(asking, "connect");
    const stopped = bench.proxy.stop();
    await readAll(asking).catch(() => undefined);
    viewer.write("still here");
    await expectText(viewer, "still here");
    viewer.end();
    await readAll(viewer);
    await stopped;
    assert.equal(bench.proxy.sessions, 0);
  });

  it("ends at once when the viewer's end comes with the last byte of its handshake", async () => {
    // A backend that ignores an end, and says nothing without ClientInit.
    const backend = await startBackend((socket) => {
      exchangeVersions(socket, AbortSignal.timeout(timeout))
        .then((version) => admitWithoutSecurity(socket, version, AbortSignal.timeout(timeout)))
        .then(
          () => socket.resume(),
          () => socket.destroy(),
        );
    });
    const bench = await Bench.open(backend);
    const viewer = bench.connect();
    viewer.end(`CONNECT /?token=good HTTP/1.0\r\n\r\n${RFB}\u0001`);
    assert.equal(await readAll(viewer), `${OK}${RFB}\u0001\u0001\0\0\0\0`);
    await bench.proxy.stop();
    const [record] = bench.records;
    assert.equal(record?.reason, "viewer-closed");
    assert.ok(record.durationMs < 5_000, `it took ${record.durationMs} ms`);
  });

  it("lets no token into its log", async () => {
    const bench = await Bench.open(await startBackend());
    const secret = "0f5b7a52-6a33-4e6f-a6c4-2f1d1c7b9e10";
    await bench.ask(`CONNECT /console?token=${secret} HTTP/1.0\r\n\r\n`);
    await bench.ask(`CONNECT /console?token=${secret} HTTP/9.0\r\n\r\n`);
    await bench.ask(`PUT /console?token=${secret} HTTP/1.0\r\n\r\n`);
    await bench.proxy.stop();
    assert.doesNotMatch(JSON.stringify([bench.log, bench.records]), /0f5b7a52/);
    assert.equal(bench.records.length, 1);
  });
});
