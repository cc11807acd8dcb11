import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RawClient, upgradeRequest } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

let proxy: TestProxy;
before(async () => {
  proxy = await TestProxy.start({ session: { handshakeTimeoutMs: 1_000 } });
  mkdirSync(join(proxy.webRoot, "folder"));
});
after(() => proxy.stop());

/** A whole request that has a cookie of ours in it, as older pages send it. */
function request(line: string, ...headers: string[]): string {
  const all = ["Host: 127.0.0.1:6080", "Cookie: token=good", "Connection: close", ...headers];
  return [line, ...all, "", ""].join("\r\n");
}

// Every status that the port answers with. A cookie would outlive the console, and other pages of the
// host could send it (the token of noVNC before 1.1 came so).
describe("an answer of nova-novncproxy", { timeout: 30_000 }, () => {
  const answers: [status: number, request: string][] = [
    [101, upgradeRequest("/?token=good", { Connection: "Upgrade" })],
    [101, upgradeRequest("/?token=unknown")],
    [101, upgradeRequest("/", { Cookie: "token=good" })],
    [200, request("GET /vnc_lite.html?token=good HTTP/1.1")],
    [200, request("HEAD /vnc_lite.html HTTP/1.1")],
    [200, request("GET /console.vv?token=good HTTP/1.1")],
    [301, request("GET /folder HTTP/1.1")],
    [400, "GET / HTTP/x\r\n\r\n"],
    [400, upgradeRequest("/?token=good", { "Sec-WebSocket-Version": null })],
    [403, upgradeRequest("/?token=good", { Origin: "http://elsewhere" })],
    [403, request("GET /console.vv?token=unknown HTTP/1.1")],
    [404, request("GET /nothing HTTP/1.1")],
    [408, "GET / HTTP/1.1\r\n"],
    [414, request(`GET /${"a".repeat(65_536)} HTTP/1.1`)],
    [431, request("GET / HTTP/1.1", ...Array.from({ length: 100 }, () => "A: b"))],
    [501, request("POST / HTTP/1.1")],
    [505, request("GET / HTTP/2.0")],
  ];
  for (const [index, [status, text]] of answers.entries()) {
    it(`sets no cookie with ${status} (${index})`, async () => {
      const client = await RawClient.connect(proxy.port);
      client.send(text);
      const head = await client.head();
      client.socket.destroy();
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.doesNotMatch(head, /^set-cookie2?\s*:/im);
    });
  }
});
