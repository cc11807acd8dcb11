import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RawClient, upgradeRequest } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

let proxy: TestProxy;
before(async () => {
  proxy = await TestProxy.start();
  mkdirSync(join(proxy.webRoot, "core"));
  writeFileSync(join(proxy.webRoot, "core/rfb.js"), "export const rfb = 1;\n");
});
after(() => proxy.stop());

const ask = (request: string): Promise<string> => RawClient.ask(proxy.port, request);
const get = (target: string, ...headers: string[]): Promise<string> =>
  ask(
    ["GET " + target + " HTTP/1.1", "Host: h", "Connection: close", ...headers, "", ""].join(
      "\r\n",
    ),
  );
const statusLine = (response: string): string => response.slice(0, response.indexOf("\r\n"));

describe("nova-novncproxy's HTTP", { timeout: 30_000 }, () => {
  for (const method of [
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "CONNECT",
    "get",
    "BREW",
  ]) {
    it(`answers ${method} with 501 and closes`, async () => {
      const response = await ask(`${method} / HTTP/1.1\r\nHost: h\r\n\r\n`);
      assert.equal(statusLine(response), `HTTP/1.1 501 Unsupported method ('${method}')`);
    });
  }

  it("does not read a body that nobody asked for", async () => {
    const body = "x".repeat(100_000);
    const response = await ask(
      `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n${body}`,
    );
    assert.match(response, /^HTTP\/1\.1 501 /);
  });

  const heads: [name: string, request: string, status: number][] = [
    ["a request line over 65536 bytes", `GET /${"a".repeat(65_536)} HTTP/1.1\r\n\r\n`, 414],
    ["a header line over 65536 bytes", `GET / HTTP/1.1\r\nA: ${"a".repeat(65_536)}\r\n\r\n`, 431],
    ["100 header lines", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(100)}\r\n`, 431],
    ["2000 header lines", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(2000)}\r\n`, 431],
    ["more than Node holds of a head", `GET / HTTP/1.1\r\nA: ${"a".repeat(200_000)}`, 431],
    ["HTTP/2.0", "GET / HTTP/2.0\r\n\r\n", 505],
    ["HTTP/0.9", "GET /\r\n\r\n", 400],
    ["a broken request line", "GET / HTTP/x\r\n\r\n", 400],
    ["a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400],
    ["bytes of no protocol", "\u0080\u0081\u0082\r\n\r\n", 400],
  ];
  for (const [name, request, status] of heads) {
    it(`answers ${name} with ${status} and closes`, async () => {
      assert.match(await ask(request), new RegExp(`^HTTP/1\\.1 ${status} `));
    });
  }

  it("takes 99 header lines", async () => {
    const headers = "A: b\r\n".repeat(98);
    assert.match(await ask(`GET /x HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`), / 404 /);
  });

  it("answers 2000 headers with an Upgrade among them with 431, and lives", async () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`X-${at}`, "y"]));
    assert.match(await ask(upgradeRequest("/?token=good", many)), /^HTTP\/1\.1 431 /);
    assert.match(await ask(upgradeRequest("/?token=good", { Upgrade: null, ...many })), / 431 /);
    assert.match(await get("/vnc_lite.html"), / 200 /);
  });

  it("serves who sends no Host", async () => {
    assert.match(await ask("GET /vnc_lite.html HTTP/1.1\r\nConnection: close\r\n\r\n"), / 200 /);
  });

  it("looks at the path of an absolute request target only", async () => {
    assert.match(await get("http://other/vnc_lite.html"), / 200 /);
    assert.match(await get("http://evil.example/.."), /\r\nLocation: \/\.\.\/\r\n/);
  });

  it("takes an upgrade to something else for none", async () => {
    for (const upgrade of ["h2c", "websocket, h2c", "notwebsocket"]) {
      const response = await get("/vnc_lite.html", `Upgrade: ${upgrade}`);
      assert.match(response, /^HTTP\/1\.1 200 /);
    }
  });

  it("closes on who sends many requests and reads no answer", async () => {
    const response = await ask("GET /core/rfb.js HTTP/1.1\r\nHost: h\r\n\r\n".repeat(1000));
    assert.ok(response.split("HTTP/1.1 200").length < 100);
  });
});

describe("nova-novncproxy's patience", { timeout: 30_000 }, () => {
  let hasty: TestProxy;
  before(async () => {
    hasty = await TestProxy.start({ session: { handshakeTimeoutMs: 400 } });
  });
  after(() => hasty.stop());

  for (const half of [
    "G",
    "GET / HT",
    "GET / HTTP/1.1\r\nHost: h\r\n",
    "GET / HTTP/1.1\r\nUpgrade: websoc",
  ]) {
    it(`answers ${JSON.stringify(half)} with 408 and closes`, async () => {
      assert.match(await RawClient.ask(hasty.port, half), /^HTTP\/1\.1 408 Request Timeout\r\n/);
    });
  }

  it("closes on who says nothing", async () => {
    assert.equal(await RawClient.ask(hasty.port, ""), "");
  });

  it("closes a kept connection without a word, and a half-sent second request with 408", async () => {
    const first = "GET /vnc_lite.html HTTP/1.1\r\nHost: h\r\n\r\n";
    const silent = await RawClient.connect(hasty.port);
    silent.send(first);
    await silent.response();
    assert.equal(await silent.rest(), "");
    const half = await RawClient.connect(hasty.port);
    half.send(first);
    await half.response();
    half.send("GET");
    assert.match(await half.rest(), /^HTTP\/1\.1 408 /);
  });

  it("serves others while 300 requests are half-sent", async () => {
    const slow = await TestProxy.start({ maxConnectionsPerAddress: 1000 });
    const loris = await Promise.all(
      Array.from({ length: 300 }, () => RawClient.connect(slow.port)),
    );
    for (const client of loris) client.send("GET / HTTP/1.1\r\nX: ");
    const started = performance.now();
    const { client, server } = await slow.open();
    server.write("pixels");
    assert.equal((await client.binary()).toString(), "pixels");
    assert.ok(performance.now() - started < 5000);
    for (const one of [...loris, client]) one.socket.destroy();
    await slow.stop();
  });

  it("counts a connection against its address until its token is shown", async () => {
    const narrow = await TestProxy.start({ maxConnectionsPerAddress: 2 });
    const opened = [await narrow.open(), await narrow.open(), await narrow.open()];
    const idle = [await narrow.upgrade("/?token=bad"), await narrow.upgrade("/?token=bad")];
    for (const client of idle) await client.head();
    const refused = connect({ host: "127.0.0.1", port: narrow.port });
    refused.on("error", nothing);
    await new Promise((resolve) => refused.once("close", resolve));
    assert.equal(refused.bytesRead, 0);
    for (const { client } of opened) client.socket.destroy();
    for (const client of idle) client.socket.destroy();
    await narrow.stop();
  });
});

describe("NovncProxy.leave()", { timeout: 30_000 }, () => {
  it("closes a kept connection that waits, and answers the first request of another one", async () => {
    const left = await TestProxy.start();
    writeFileSync(join(left.webRoot, "a.js"), "1;\n");
    const [waiting, half] = [
      await RawClient.connect(left.port),
      await RawClient.connect(left.port),
    ];
    half.send("GET /a.js HTTP/1.1\r\n");
    waiting.send("GET /a.js HTTP/1.1\r\nHost: h\r\n\r\n");
    assert.match((await waiting.response()).head, /^HTTP\/1\.1 200 /);
    const gone = left.proxy.leave(nothing);
    assert.equal(await waiting.rest(), "");
    half.send("Host: h\r\n\r\n");
    assert.match(await half.rest(), /^HTTP\/1\.1 200 /);
    await gone;
    await left.stop();
  });

  it("opens the console of who had asked for half of it, and waits for its end", async () => {
    const left = await TestProxy.start({ drainTimeoutMs: 0 });
    const request = upgradeRequest("/?token=good");
    const viewer = await RawClient.connect(left.port);
    viewer.send(request.slice(0, 10));
    // What came after it was answered, so it was accepted.
    await RawClient.ask(left.port, "GET / HTTP/1.0\r\n\r\n");
    const gone = left.proxy.leave(nothing);
    viewer.send(request.slice(10));
    assert.match(await viewer.head(), /^HTTP\/1\.1 101 /);
    viewer.socket.destroy();
    await gone;
    await left.stop();
  });
});

function nothing(): void {
  // Not of interest here.
}
