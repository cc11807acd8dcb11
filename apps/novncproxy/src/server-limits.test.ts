import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { RawClient, upgradeRequest } from "./testing/raw-client.ts";
import { TestProxy, type TestSettings } from "./testing/test-proxy.ts";

const PAGE = "GET /vnc_lite.html HTTP/1.1\r\nHost: h\r\n";
const VIEWER = "198.51.100.7";
const OTHER_VIEWER = "198.51.100.8";

/** A proxy that ends with its test. */
async function start(t: TestContext, changes: TestSettings): Promise<TestProxy> {
  const proxy = await TestProxy.start(changes);
  t.after(() => proxy.stop());
  return proxy;
}

/** A proxy that trusts the load balancer that the test is. */
const behindBalancer = (t: TestContext, changes: TestSettings): Promise<TestProxy> =>
  start(t, { trustedProxies: ["127.0.0.0/8"], ...changes });

/** Asks for the page on a connection of its own, which stays open if it may. */
async function loadPage(
  proxy: TestProxy,
  forwardedFor?: string,
): Promise<{ client: RawClient; status: number }> {
  const client = await RawClient.connect(proxy.port);
  return { client, status: await loadAgain(client, forwardedFor) };
}

async function loadAgain(client: RawClient, forwardedFor?: string): Promise<number> {
  const header = forwardedFor === undefined ? "" : `X-Forwarded-For: ${forwardedFor}\r\n`;
  client.send(`${PAGE}${header}\r\n`);
  return Number((await client.response()).head.split(" ")[1]);
}

/** A viewer whose token is bad and that does not tell its version: it waits to hear why. */
async function silentlyRefused(
  proxy: TestProxy,
  headers: Record<string, string> = {},
): Promise<RawClient> {
  const client = await proxy.upgrade("/?token=bad", headers);
  assert.match(await client.head(), / 101 /);
  return client;
}

describe("nova-novncproxy's limits", { timeout: 30_000 }, () => {
  it("opens max_sessions consoles beside silent viewers with bad tokens", async (t) => {
    const proxy = await start(t, { session: { maxSessions: 20 } });
    const silent = await Promise.all(Array.from({ length: 20 }, () => silentlyRefused(proxy)));
    assert.equal(proxy.proxy.sessions, 20);
    const open: RawClient[] = [];
    for (let at = 0; at < 20; at++) {
      proxy.tokens.add(`good${at}`, { port: proxy.backend.port });
      open.push((await proxy.open(`/?token=good${at}`)).client);
    }
    assert.equal(proxy.proxy.sessions, 40);
    for (const { socket } of [...silent, ...open]) socket.destroy();
  });

  it("opens a console when there are too many connections without a token", async (t) => {
    const proxy = await start(t, { maxConnectionsWithoutToken: 3 });
    const silent: RawClient[] = [];
    for (let at = 0; at < 3; at++) silent.push(await silentlyRefused(proxy));
    const { client } = await proxy.open();
    assert.equal(await silent[0]?.rest().then(() => "closed"), "closed");
    assert.match(proxy.log.join("\n"), /connections closed: .* max_connections_without_token/);
    for (const each of [...silent, client]) each.socket.destroy();
  });

  it("does not count a connection whose last request was answered", async (t) => {
    const proxy = await start(t, { maxConnectionsPerAddress: 2 });
    const kept: RawClient[] = [];
    for (let at = 0; at < 10; at++) {
      const { client, status } = await loadPage(proxy);
      assert.equal(status, 200);
      kept.push(client);
    }
    const busy = [await silentlyRefused(proxy), await silentlyRefused(proxy)];
    const refused = connect({ host: "127.0.0.1", port: proxy.port });
    refused.on("error", () => undefined);
    await new Promise((resolve) => refused.once("close", resolve));
    const [first, second, third] = kept;
    assert.ok(first && second && third);
    assert.equal(await loadAgain(first), 429);
    second.send(upgradeRequest("/?token=good"));
    assert.match(await second.head(), / 429 /);
    const said = proxy.log.filter((line) => line.includes("max_connections_per_address"));
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /trusted_proxies.*"address":"127\.0\.0\.1"/);
    for (const { socket } of busy) socket.destroy();
    // Until then its place is taken.
    while ((await loadPage(proxy).catch(() => ({ status: 0 }))).status !== 200);
    assert.equal(await loadAgain(third), 200);
    for (const { socket } of kept) socket.destroy();
  });

  it("counts a load balancer's requests for the clients that it names", async (t) => {
    const proxy = await behindBalancer(t, { maxConnectionsPerAddress: 2 });
    const greedy = { "X-Forwarded-For": `unknown, ${VIEWER}` };
    const held = [await silentlyRefused(proxy, greedy), await silentlyRefused(proxy, greedy)];
    const { client, status } = await loadPage(proxy, VIEWER);
    assert.equal(status, 429);
    const other = await loadPage(proxy, OTHER_VIEWER);
    assert.equal(other.status, 200);
    // One connection carries one client's request after the other's.
    assert.equal(await loadAgain(other.client, VIEWER), 429);
    const { client: third } = await loadPage(proxy, OTHER_VIEWER);
    third.send(upgradeRequest("/?token=good", { "X-Forwarded-For": OTHER_VIEWER }));
    assert.match(await third.head(), / 101 /);
    for (const each of [...held, client, other.client, third]) each.socket.destroy();
  });

  it("names the viewer in the log as a load balancer does, and nobody else", async (t) => {
    for (const [trustedProxies, address] of [
      [["127.0.0.1"], VIEWER],
      [["192.0.2.0/24"], "127.0.0.1"],
      [[], "127.0.0.1"],
    ] as const) {
      const proxy = await start(t, { trustedProxies });
      const client = await silentlyRefused(proxy, { "X-Forwarded-For": VIEWER });
      client.socket.destroy();
      while (proxy.proxy.sessions > 0) await new Promise(setImmediate);
      const line = proxy.log.find((each) => each.startsWith("session closed"));
      assert.match(line ?? "", new RegExp(`"viewerAddress":"${address}"`));
    }
  });

  it("counts by the rightmost of several X-Forwarded-For headers", async (t) => {
    const proxy = await behindBalancer(t, { maxConnectionsPerAddress: 1 });
    const held = await silentlyRefused(proxy, { "X-Forwarded-For": VIEWER });
    const both = (first: string, second: string): Promise<{ status: number }> =>
      loadPage(proxy, `${first}\r\nX-Forwarded-For: ${second}`);
    assert.equal((await both(OTHER_VIEWER, VIEWER)).status, 429);
    assert.equal((await both(VIEWER, OTHER_VIEWER)).status, 200);
    held.socket.destroy();
  });
});
