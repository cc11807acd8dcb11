import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { Token } from "@nova-console/token";
import { closeFrame, frame, RawClient, upgradeRequest } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

const DELAYED = "too many wrong tokens: attempts from this address are delayed";

let proxy: TestProxy;

/** Opens a WebSocket with a token that nobody has, and leaves once it knows. */
async function showWrongToken(): Promise<void> {
  const client = await proxy.upgrade("/?token=wrong");
  await client.head();
  client.socket.destroy();
}

/** Few failures, of which a new one is free after 12 s. */
const FAILURES = 5;

const settings = {
  maxConnectionsPerAddress: 1_000,
  tokenLimits: { failuresPerNetwork: FAILURES, delayMs: 500 },
};

/** A delay that is not over before the test is. */
const LONG = { ...settings.tokenLimits, delayMs: 60_000 };

/** Uses up the free failures. */
async function showWrongTokens(): Promise<void> {
  await Promise.all(Array.from({ length: FAILURES }, showWrongToken));
  while (proxy.log.filter((line) => line.includes("token-invalid")).length < FAILURES) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when so many attempts have been delayed. */
async function untilThrottled(count: number): Promise<void> {
  while (proxy.throttled.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe("nova-novncproxy, to an address that has shown wrong tokens", { timeout: 60_000 }, () => {
  before(async () => {
    proxy = await TestProxy.start(settings);
    await showWrongTokens();
  });
  after(() => proxy.stop());

  it("opens the console of a good token, after its delay, and warns once", async () => {
    const opened = [proxy.open(), proxy.open()];
    for (const { client } of await Promise.all(opened)) client.socket.destroy();
    assert.equal(proxy.log.filter((line) => line.startsWith(DELAYED)).length, 1);
  });

  it("opens the console of a viewer that has sent bytes meanwhile", async () => {
    const client = await proxy.upgrade("/?token=good", {}, Buffer.from(frame("RFB 003.008\n")));
    await client.head();
    assert.equal((await client.binary()).toString(), "RFB 003.008\n");
    assert.deepEqual(await client.binary(), Buffer.of(1, 1));
    client.socket.destroy();
  });

  it("answers the wrong ones of files with 429, and the right one with the file", async () => {
    const ask = (token: string): Promise<string> =>
      RawClient.ask(proxy.port, `GET /console.vv?token=${token} HTTP/1.0\r\n\r\n`);
    const [wrong, right] = await Promise.all([ask("wrong"), ask("good")]);
    assert.match(wrong, /^HTTP\/1\.1 429 Too Many Requests\r\n[^]*\r\nRetry-After: \d+\r\n/);
    assert.match(right, /^HTTP\/1\.1 200 /);
  });

  it("delays neither the page nor other addresses", async () => {
    const page = await RawClient.ask(proxy.port, "GET /vnc_lite.html HTTP/1.0\r\n\r\n");
    assert.match(page, /^HTTP\/1\.1 200 /);
    const socket = connect({ host: "127.0.0.1", port: proxy.port, localAddress: "127.0.0.2" });
    const client = new RawClient(socket);
    client.send(upgradeRequest("/?token=good"));
    await client.head();
    socket.destroy();
  });
});

describe("nova-novncproxy, with viewers that wait", { timeout: 60_000 }, () => {
  before(async () => {
    proxy = await TestProxy.start({ ...settings, tokenLimits: LONG });
    await showWrongTokens();
  });
  after(() => proxy.stop());

  it("forgets at once those that leave, however many they are", async () => {
    const before = proxy.throttled.length;
    const viewers = await Promise.all(
      Array.from({ length: 200 }, () => proxy.upgrade("/?token=of-one-that-leaves")),
    );
    await untilThrottled(before + 200);
    const gone = viewers.map((viewer, index) => {
      if (index % 2 === 0) viewer.socket.end();
      else viewer.socket.resetAndDestroy();
      return viewer.rest();
    });
    await Promise.all(gone);
    // None has become a session: its token would have been asked for.
    const { id } = new Token("of-one-that-leaves");
    assert.ok(!proxy.log.some((line) => line.includes(id)));
  });

  it("lets those go that wait when it stops", async () => {
    const before = proxy.throttled.length;
    const waiting = await proxy.upgrade();
    await untilThrottled(before + 1);
    const stopped = proxy.proxy.stop();
    assert.equal(await waiting.rest(), "");
    await stopped;
  });
});

describe("nova-novncproxy that leaves its port", { timeout: 60_000 }, () => {
  before(async () => {
    proxy = await TestProxy.start({ ...settings, drainTimeoutMs: 0 });
  });
  after(() => proxy.stop());

  it("opens the consoles of those that wait", async () => {
    await showWrongTokens();
    const before = proxy.throttled.length;
    const opening = proxy.open();
    await untilThrottled(before + 1);
    const left = proxy.proxy.leave(() => undefined);
    const { client } = await opening;
    client.send(closeFrame(1000));
    proxy.backend.stop();
    await left;
  });
});
