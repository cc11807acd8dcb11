import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { TestBrowser } from "./support/browser.ts";
import { freePort } from "./support/free-port.ts";
import { Installation, tokenOf, withToken } from "./support/installation.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 60_000;

describe("a refusal", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let browser: TestBrowser;
  let installation: Installation;

  before(async () => {
    browser = owned.use(await TestBrowser.start());
    installation = owned.use(await Installation.running());
  });
  after(() => owned.disposeAsync());

  async function expired(type: "novnc" | "xvpvnc"): Promise<URL> {
    const url = await installation.authorize(
      { host: "127.0.0.1", port: 1 },
      { type, ttlSeconds: 1 },
    );
    await until("the token to expire", async () => {
      const { status } = await installation.consoleauth("check", tokenOf(url));
      return status === 1;
    });
    return url;
  }

  const cases = [
    {
      name: "of an expired token",
      url: expired,
      words: /unknown or expired/,
      code: 1008,
      status: 401,
    },
    {
      name: "of an unknown token",
      url: async (type: "novnc" | "xvpvnc") =>
        withToken(
          await installation.authorize({ host: "127.0.0.1", port: 1 }, { type }),
          randomUUID(),
        ),
      words: /unknown or expired/,
      code: 1008,
      status: 401,
    },
    {
      name: "because the backend cannot be reached",
      url: async (type: "novnc" | "xvpvnc") =>
        installation.authorize({ host: "127.0.0.1", port: await freePort() }, { type }),
      words: /cannot be reached/,
      code: 1011,
      status: 400,
    },
  ];

  for (const { name, url, words, code, status } of cases) {
    it(`${name} can be read on the page`, { timeout: TIMEOUT_MS }, async () => {
      await using page = await browser.open(await url("novnc"));
      await until(`the page to say ${String(words)}`, async () => words.test(await page.text()));
    });

    it(`${name} is told in RFB and in the close frame`, { timeout: TIMEOUT_MS }, async () => {
      const viewer = await openWebSocket(webSocketUrl(await url("novnc")));
      await assert.rejects(RfbViewer.open(viewer.channel, AbortSignal.timeout(TIMEOUT_MS)), {
        name: "RfbRefusedError",
        message: words,
      });
      const closed = await viewer.closed;
      assert.equal(closed.code, code);
      assert.match(closed.reason, words);
    });

    it(`${name} is answered ${status} on 6081`, { timeout: TIMEOUT_MS }, async () => {
      const request = { method: "CONNECT", url: await url("xvpvnc") } as const;
      const answer = await openXvp(request, AbortSignal.timeout(TIMEOUT_MS));
      answer.channel.destroy();
      assert.equal(answer.status, status);
    });
  }

  it("because the backend hangs up is told in RFB", { timeout: TIMEOUT_MS }, async () => {
    for (const hangUp of ["at once", "after banner"] as const) {
      await using backend = await ScriptedBackend.start({ hangUp });
      const viewer = await openWebSocket(
        webSocketUrl(await installation.authorize(backend.endpoint)),
      );
      await assert.rejects(RfbViewer.open(viewer.channel, AbortSignal.timeout(TIMEOUT_MS)), {
        name: "RfbRefusedError",
      });
      assert.equal((await viewer.closed).code, 1011);
    }
  });
});
