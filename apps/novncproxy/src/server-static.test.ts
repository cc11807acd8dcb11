import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startNovncProxy } from "./server.ts";
import { RawClient, upgradeRequest } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

let proxy: TestProxy;
before(async () => {
  proxy = await TestProxy.start();
  const at = (name: string): string => join(proxy.webRoot, name);
  mkdirSync(at("core"));
  writeFileSync(at("core/rfb.js"), "export const rfb = 1;\n");
  writeFileSync(at("empty.css"), "");
  writeFileSync(at("big.bin"), Buffer.alloc(300_000, 7));
  mkdirSync(at("indexed"));
  writeFileSync(at("indexed/index.html"), "<p>index</p>");
  symlinkSync("vnc_lite.html", at("vnc_auto.html"));
  symlinkSync("/etc/passwd", at("passwd"));
  symlinkSync("/etc", at("etc"));
  execFileSync("mkfifo", [at("fifo")]);
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

describe("nova-novncproxy's web root", { timeout: 30_000 }, () => {
  it("serves a file with type, length and date, and keeps the connection", async () => {
    const client = await RawClient.connect(proxy.port);
    for (const round of ["first", "second"]) {
      client.send("GET /vnc_lite.html?a=1#b HTTP/1.1\r\nHost: h\r\n\r\n");
      const { head, body } = await client.response();
      assert.equal(body, "<p>the page</p>", round);
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(head, /\r\nContent-Type: text\/html\r\n/);
      assert.match(head, /\r\nLast-Modified: .* GMT\r\n/);
      assert.match(head, /\r\nServer: nova-novncproxy\r\n/);
      assert.match(head, /\r\nDate: /);
      assert.doesNotMatch(head, /connection: close/i);
    }
    client.socket.destroy();
  });

  it("answers HEAD with the same head and no body, and an upgrade after it", async () => {
    const client = await RawClient.connect(proxy.port);
    client.send("HEAD /vnc_lite.html HTTP/1.1\r\nHost: h\r\n\r\n");
    assert.match(await client.head(), /\r\nContent-Length: 15\r\n/);
    client.send(upgradeRequest("/?token=good"));
    assert.match(await client.head(), /^HTTP\/1\.1 101 /);
    client.socket.destroy();
  });

  const types: [string, string][] = [
    ["/core/rfb.js", "text/javascript"],
    ["/empty.css", "text/css"],
    ["/big.bin", "application/octet-stream"],
  ];
  for (const [path, type] of types) {
    it(`serves ${path} as ${type}`, async () => {
      const response = await get(path);
      assert.match(response, new RegExp(`^HTTP/1.1 200 OK\r\n[^]*\r\nContent-Type: ${type}\r\n`));
      const body = response.slice(response.indexOf("\r\n\r\n") + 4);
      assert.equal(body.length, statSync(join(proxy.webRoot, path)).size);
    });
  }

  it("sends what keeps the token in the page's URL to itself", async () => {
    const response = await get("/vnc_lite.html?path=%3Ftoken%3Dsecret");
    assert.match(response, /\r\nReferrer-Policy: no-referrer\r\n/);
    assert.match(response, /\r\nX-Content-Type-Options: nosniff\r\n/);
    assert.match(response, /\r\nCache-Control: no-cache\r\n/);
    assert.match(response, /\r\nContent-Security-Policy: object-src 'none'; base-uri 'self'\r\n/);
    assert.doesNotMatch(response, /secret|x-frame-options|set-cookie/i);
  });

  it("answers 304 if the file is not newer, unless If-None-Match is there", async () => {
    const { mtime } = statSync(join(proxy.webRoot, "core/rfb.js"));
    const since = `If-Modified-Since: ${mtime.toUTCString()}`;
    assert.equal(statusLine(await get("/core/rfb.js", since)), "HTTP/1.1 304 Not Modified");
    const older = `If-Modified-Since: ${new Date(mtime.getTime() - 2000).toUTCString()}`;
    for (const headers of [[older], ["If-Modified-Since: x"], [since, 'If-None-Match: "a"']]) {
      assert.equal(statusLine(await get("/core/rfb.js", ...headers)), "HTTP/1.1 200 OK");
    }
  });

  it("does not know ranges", async () => {
    assert.equal(statusLine(await get("/core/rfb.js", "Range: bytes=0-1")), "HTTP/1.1 200 OK");
  });

  it("sends 100 before the answer to who expects it", async () => {
    const response = await get("/empty.css", "Expect: 100-continue");
    assert.match(response, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  it("serves the index of a directory that has one", async () => {
    assert.match(await get("/indexed/"), /<p>index<\/p>$/);
  });

  it("follows a symbolic link inside the root", async () => {
    assert.match(await get("/vnc_auto.html"), /<p>the page<\/p>$/);
  });

  const missing: [path: string, message: string][] = [
    ["/", "No such file"],
    ["/core/", "No such file"],
    ["/websockify", "File not found"],
    ["/vnc_lite.html/", "File not found"],
    ["/%00", "File not found"],
    ["/vnc_lite.html%00.js", "File not found"],
    ["/../../etc/passwd", "File not found"],
    ["/%2e%2e/%2e%2e/etc/passwd", "File not found"],
    ["/..%2f..%2fetc/passwd", "File not found"],
    ["/..%5c..%5cetc/passwd", "File not found"],
    ["/passwd", "File not found"],
    ["/etc", "File not found"],
    ["/etc/passwd", "File not found"],
    ["/etc/", "File not found"],
    ["/fifo", "File not found"],
    ["/%", "File not found"],
  ];
  for (const [path, message] of missing) {
    it(`answers ${path} with 404 and closes`, async () => {
      const response = await ask(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
      assert.equal(statusLine(response), `HTTP/1.1 404 ${message}`);
      assert.match(response, /\r\nConnection: close\r\n/);
      assert.match(response, /\r\nContent-Type: text\/html;charset=utf-8\r\n/);
      assert.doesNotMatch(response, /root:|rfb\.js/);
    });
  }

  it("adds a directory's slash, and keeps the query", async () => {
    const response = await get("/core?a=b");
    assert.match(response, /^HTTP\/1\.1 301 Moved Permanently\r\n/);
    assert.match(response, /\r\nLocation: \/core\/\?a=b\r\n/);
  });

  for (const path of [
    "//x/%2F..",
    "///x/..",
    "////x/%2e%2e",
    "/\\x/..",
    "/%5Cx/..",
    "/%09//x/..",
    "/%09//x/%2e%2e/%2e%2e",
  ]) {
    it(`never sends anybody to another host: ${path}`, async () => {
      const location = /\r\nLocation: (.*)\r\n/.exec(await get(path))?.[1];
      if (location !== undefined) assert.equal(new URL(location, "http://good/").host, "good");
    });
  }

  it("does not start without its web root", async () => {
    const { tokens } = proxy;
    const options = {
      tokens,
      log: { debug: nothing, info: nothing, warn: nothing },
      onSessionEnd: nothing,
      now: Date.now,
      wallClock: Date.now,
    };
    for (const web of [join(proxy.webRoot, "absent"), join(proxy.webRoot, "vnc_lite.html")]) {
      const settings = { ...proxy.settings, web };
      await assert.rejects(startNovncProxy({ ...options, settings }), {
        code: "NOVNCPROXY_ERR_WEB_ROOT",
      });
    }
  });
});

describe("our own page", { timeout: 30_000 }, () => {
  it("is the default, and comes with a strict Content-Security-Policy", async () => {
    const own = await TestProxy.start({ web: null });
    const request = "GET /vnc_auto.html HTTP/1.1\r\nHost: h:6080\r\nConnection: close\r\n\r\n";
    const response = await RawClient.ask(own.port, request);
    await own.stop();
    assert.match(response, /^HTTP\/1\.1 200 OK\r\n/);
    const policy = /\r\nContent-Security-Policy: (.*)\r\n/.exec(response)?.[1] ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
    assert.match(policy, /; connect-src 'self' ws:\/\/h:6080 wss:\/\/h:6080; /);
    assert.doesNotMatch(policy, /unsafe|frame-ancestors '/);
  });

  it("names no host in the policy that is none", async () => {
    const own = await TestProxy.start({ web: null });
    const request = "GET /vnc.html HTTP/1.1\r\nHost: a; script-src *\r\nConnection: close\r\n\r\n";
    const response = await RawClient.ask(own.port, request);
    await own.stop();
    assert.match(response, /; connect-src 'self'; /);
    assert.doesNotMatch(response, /script-src \*/);
  });
});

function nothing(): void {
  // Not of interest here.
}
