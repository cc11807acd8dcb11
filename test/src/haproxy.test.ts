import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Haproxy } from "./support/haproxy.ts";
import { Installation } from "./support/installation.ts";
import { loadPages } from "./support/page-loads.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";

const TIMEOUT_MS = 120_000;

describe("behind HAProxy", { timeout: 2 * TIMEOUT_MS }, () => {
  for (const send of ["send-proxy", "send-proxy-v2"]) {
    it(`a console opens, and its log has the viewer's address by ${send}`, async () => {
      await using backend = await ScriptedBackend.start({ run: endedByProxy });
      await using installation = await Installation.create({
        conf: {
          console_proxy: { proxy_protocol: "true", trusted_proxies: "127.0.0.2/32" },
        },
      });
      const proxy = await installation.startNovncproxy();
      await using haproxy = await Haproxy.start(installation, { mode: "tcp", server: send });
      const url = webSocketUrl(await installation.authorize(backend.endpoint));
      url.port = String(haproxy.port);
      const { webSocket, channel } = await openWebSocket(url);
      await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
      webSocket.close();
      const [line] = await proxy.printed(/session closed .*/);
      assert.match(line, / viewerAddress=127\.0\.0\.1 /);
    });
  }

  const PAGE_LOADS = 300;
  it(`answers ${PAGE_LOADS} page loads from one address in HTTP mode`, async () => {
    await using installation = await Installation.create();
    await installation.startNovncproxy();
    // A connection to us for each of a browser's: each stays open after its answer.
    const lines = ["http-reuse never"];
    await using haproxy = await Haproxy.start(installation, { mode: "http", lines });
    const counts = await loadPages({ port: haproxy.port, loads: PAGE_LOADS, withinMs: 3_000 });
    assert.deepEqual(counts, { 200: PAGE_LOADS });
  });

  it("shuts out one viewer that has too many connections, and no other one, in HTTP mode", async () => {
    const most = 5;
    await using backend = await ScriptedBackend.start({ run: endedByProxy });
    await using installation = await Installation.create({
      conf: {
        console_proxy: { trusted_proxies: "127.0.0.2", max_connections_per_address: most },
      },
    });
    const proxy = await installation.startNovncproxy();
    // HAProxy appends the address that it sees: a viewer cannot choose who it is taken for.
    const lines = ["option forwardfor"];
    await using haproxy = await Haproxy.start(installation, { mode: "http", lines });
    const url = webSocketUrl(await installation.authorize(backend.endpoint));
    url.port = String(haproxy.port);
    const bad = new URL(url.href.replace(/token=[^&]*/, "token=bad"));
    const greedy = { headers: { "X-Forwarded-For": "198.51.100.1" } };
    const held = await Promise.all(Array.from({ length: most }, () => openWebSocket(bad, greedy)));
    await assert.rejects(openWebSocket(bad, greedy), /429/);
    await assert.rejects(openWebSocket(url), /429/);
    const [warning] = await proxy.printed(/WARNING .*max_connections_per_address.*/);
    assert.match(warning, /address=127\.0\.0\.1/);

    const { webSocket, channel } = await openWebSocket(url, { localAddress: "127.0.0.9" });
    await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
    webSocket.close();
    await proxy.printed(/session closed .*viewerAddress=127\.0\.0\.9 .*reason=viewer-closed/);
    for (const each of held) each.webSocket.terminate();
  });
});
