import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { TokenStoreError } from "@nova-console/token";
import { RawClient, upgradeRequest } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

let proxy: TestProxy;
before(async () => {
  proxy = await TestProxy.start();
});
after(() => proxy.stop());

async function get(target: string, method = "GET", ...headers: string[]) {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: h", "Connection: close", ...headers];
  const response = await RawClient.ask(proxy.port, [...lines, "", ""].join("\r\n"));
  const [head = "", body = ""] = response.split("\r\n\r\n");
  return { head, body, status: Number(head.split(" ")[1]) };
}

describe("nova-novncproxy's files for desktop viewers", { timeout: 30_000 }, () => {
  const files = [
    {
      path: "/console.vv",
      name: "console.vv",
      type: "application/x-virt-viewer",
      line: "port=6081",
    },
    {
      path: "/console.vnc",
      name: "console.tigervnc",
      type: "application/x-tigervnc",
      line: "ServerName=127.0.0.1::6081",
    },
  ];
  for (const { path, name, type, line } of files) {
    it(`serves ${path} to the token's owner, and to no cache`, async () => {
      const { head, body, status } = await get(`${path}?token=good`);
      assert.equal(status, 200);
      assert.ok(body.split("\n").includes(line), body);
      assert.ok(body.includes("good"));
      for (const header of [
        `Content-Type: ${type}`,
        `Content-Disposition: attachment; filename="${name}"`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
      ]) {
        assert.ok(head.split("\r\n").includes(header), `${header} in ${head}`);
      }
    });
  }

  it("answers HEAD with the same head and no body", async () => {
    const [asked, looked] = [
      await get("/console.vv?token=good"),
      await get("/console.vv?token=good", "HEAD"),
    ];
    const withoutDate = (head: string): string => head.replace(/\r\nDate: .*/, "");
    assert.equal(withoutDate(looked.head), withoutDate(asked.head));
    assert.equal(looked.body, "");
  });

  it("asks nobody where a request comes from", async () => {
    const { status } = await get(
      "/console.vv?token=good",
      "GET",
      "Origin: http://elsewhere.example",
    );
    assert.equal(status, 200);
  });

  it("keeps the connection, for an upgrade as well", async () => {
    const client = await RawClient.connect(proxy.port);
    client.send("GET /console.vv?token=bad HTTP/1.1\r\nHost: h\r\n\r\n");
    assert.match((await client.response()).head, /^HTTP\/1\.1 403 /);
    client.send(upgradeRequest("/?token=good"));
    assert.match(await client.head(), /^HTTP\/1\.1 101 /);
    client.socket.destroy();
  });

  const refusals = [
    { target: "/console.vv", status: 400, words: /no token/ },
    { target: "/console.vv?token=", status: 400, words: /no token/ },
    { target: "/console.vnc?token=wr0ng", status: 403, words: /token is unknown or expired: open/ },
  ];
  for (const { target, status, words } of refusals) {
    it(`answers ${target} with ${status}, in words`, async () => {
      const answer = await get(target);
      assert.equal(answer.status, status);
      assert.match(answer.body, words);
      assert.match(answer.head, /\r\nCache-Control: no-store/);
      assert.ok(!answer.body.includes("wr0ng"));
    });
  }

  it("takes no token but the query's: a cookie goes with a link of anybody's making", async () => {
    assert.equal((await get("/console.vv", "GET", "Cookie: token=good")).status, 400);
  });

  it("answers 503 while the store cannot say", async (test) => {
    test.mock.method(proxy.tokens, "validate", () => Promise.reject(new TokenStoreError("locked")));
    assert.equal((await get("/console.vv?token=good")).status, 503);
  });

  it("says nothing of a token in its log", () => {
    assert.ok(!proxy.log.some((line) => /good|wr0ng/.test(line)));
  });

  it("takes over another address at a reload", async () => {
    const viewers = { ...proxy.settings.viewers, baseUrl: "https://[2001:db8::7]:16081/" };
    proxy.proxy.reload({ ...proxy.settings, viewers });
    assert.match((await get("/console.vv?token=good")).body, /^host=2001:db8::7\nport=16081$/m);
  });

  it("has no such files without an address that viewers could go to", async () => {
    const viewers = { ...proxy.settings.viewers, baseUrl: "ws://x/" };
    proxy.proxy.reload({ ...proxy.settings, viewers });
    assert.equal((await get("/console.vv?token=good")).status, 404);
    assert.match(proxy.log.at(-1) ?? "", /xvpvncproxy_base_url/);
  });
});
