import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { TestProxy } from "./testing/test-proxy.ts";

const VERSION = "RFB 003.008\n";

let proxy: TestProxy;
before(async () => {
  proxy = await TestProxy.start();
});
after(() => proxy.stop());

describe("an upgrade on 6080", { timeout: 30_000 }, () => {
  const answered: [string, Record<string, string | null>, RegExp][] = [
    ["no subprotocol", {}, /^(?![^]*Sec-WebSocket-Protocol)/],
    ["binary", { "Sec-WebSocket-Protocol": "binary" }, /\r\nSec-WebSocket-Protocol: binary\r\n/],
    ["binary, base64", { "Sec-WebSocket-Protocol": "binary, base64" }, /-Protocol: binary\r\n/],
    ["base64, binary", { "Sec-WebSocket-Protocol": "base64, binary" }, /-Protocol: binary\r\n/],
    ["base64,binary", { "Sec-WebSocket-Protocol": "base64,binary" }, /-Protocol: binary\r\n/],
    ["an empty subprotocol", { "Sec-WebSocket-Protocol": "" }, /^(?![^]*-Protocol:)/],
    ["version 7", { "Sec-WebSocket-Version": "7" }, /-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/],
    ["version 8", { "Sec-WebSocket-Version": "8" }, /-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/],
    ["version 13", {}, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/],
    ["any key", { "Sec-WebSocket-Key": "x" }, /-Accept: JVxkmtKFjDcI\/Pm\/AGPEKSN6wT8=\r\n/],
    ["an empty key", { "Sec-WebSocket-Key": "" }, /-Accept: Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=\r\n/],
    ["no Connection header", { Connection: null }, /-Accept: /],
    ["Upgrade in upper case", { Upgrade: "WebSocket" }, /-Accept: /],
    [
      "permessage-deflate, which is not taken up",
      { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" },
      /^(?![^]*Extensions)/,
    ],
    ["an extension called constructor", { "Sec-WebSocket-Extensions": "constructor" }, /-Accept: /],
  ];
  for (const [name, headers, expected] of answered) {
    it(`is completed with ${name}`, async () => {
      const client = await proxy.upgrade("/?token=good", headers);
      const head = await client.head();
      assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
      assert.match(head, expected);
      assert.equal((await client.binary()).toString(), VERSION);
      client.socket.destroy();
    });
  }

  const refused: [string, Record<string, string | null>, string][] = [
    ["base64 only", { "Sec-WebSocket-Protocol": "base64" }, "400 Invalid protocol selected"],
    ["chat only", { "Sec-WebSocket-Protocol": "chat" }, "400 Invalid protocol selected"],
    ["version 12", { "Sec-WebSocket-Version": "12" }, "400 Unsupported protocol version 12"],
    ["no version", { "Sec-WebSocket-Version": null }, "400 Missing Sec-WebSocket-Version header"],
    ["no key", { "Sec-WebSocket-Key": null }, "400 Missing Sec-WebSocket-Key header"],
  ];
  for (const [name, headers, status] of refused) {
    it(`is refused with ${name}`, async () => {
      const client = await proxy.upgrade("/?token=good", headers);
      const response = await client.rest();
      assert.ok(response.startsWith(`HTTP/1.1 ${status}\r\n`), response);
    });
  }

  it("takes no time for a subprotocol header made to be slow", async () => {
    const started = performance.now();
    const client = await proxy.upgrade("/?token=good", {
      "Sec-WebSocket-Protocol": `b${" ".repeat(32_000)}x`,
    });
    assert.match(await client.rest(), /^HTTP\/1\.1 400 /);
    assert.ok(performance.now() - started < 2000);
  });

  it("works in HTTP/1.0", async () => {
    const client = await proxy.upgrade("/?token=good HTTP/1.0\r\nX:");
    assert.match(await client.head(), /^HTTP\/1\.1 101 /);
    client.socket.destroy();
  });

  const origins: [string, Record<string, string | null>][] = [
    ["another Origin", { Origin: "http://evil.example" }],
    ["another scheme in Origin", { Origin: "https://127.0.0.1" }],
    ["another X-Forwarded-Proto", { Origin: "http://127.0.0.1", "X-Forwarded-Proto": "https" }],
    ["Origin null", { Origin: "null" }],
    ["two Origins", { Origin: "http://127.0.0.1\r\nOrigin: http://evil.example" }],
    ["no Host", { Host: null }],
    ["two Hosts", { Host: "127.0.0.1\r\nHost: evil.example" }],
    ["a bad Host", { Host: "a/b" }],
  ];
  for (const [name, headers] of origins) {
    it(`is refused with 403 for ${name}, before any upgrade`, async () => {
      const client = await proxy.upgrade("/?token=good", headers);
      const response = await client.rest();
      assert.match(response, /^HTTP\/1\.1 403 this page may not open consoles here\r\n/);
    });
  }

  it("tells a page of another site nothing about the token", async () => {
    for (const target of ["/?token=bad", "/"]) {
      const client = await proxy.upgrade(target, { Origin: "http://evil.example" });
      assert.match(await client.rest(), /^HTTP\/1\.1 403 /);
    }
  });

  it("is not swayed by a Host that was asked before", async () => {
    const own = await proxy.upgrade("/?token=bad", { Host: "evil", Origin: "http://evil" });
    assert.match(await own.head(), / 101 /);
    own.socket.destroy();
    const client = await proxy.upgrade("/?token=good", { Origin: "http://evil" });
    assert.match(await client.rest(), /^HTTP\/1\.1 403 /);
  });

  it("is completed for the page of the host itself", async () => {
    const client = await proxy.upgrade("/?token=good", { Origin: "http://127.0.0.1:6080" });
    assert.match(await client.head(), / 101 /);
    client.socket.destroy();
  });
});
