import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidTokenError, Token, TokenStoreError, type ConnectInfo } from "@nova-console/token";
import { Throttle } from "@nova-console/throttle";
import { answerViewerFileRequest } from "./answer-viewer-file-request.ts";
import { connectInfo, plainAccess, TOKEN_TEXT } from "./testing.ts";

const tokenOf = (text: string): Token => new Token(text);

function newThrottle(): Throttle {
  const waiting = { waitingPerNetwork: 1, waitingInAll: 1 };
  const limits = { failuresPerNetwork: 1, failuresInAll: null, delayMs: 1, ...waiting };
  return new Throttle({ limits, now: () => 0 });
}

function ask(
  path: string,
  info: ConnectInfo | Error,
  token: Token | null = tokenOf(TOKEN_TEXT),
  throttle = newThrottle(),
) {
  const validate = (): Promise<ConnectInfo> =>
    info instanceof Error ? Promise.reject(info) : Promise.resolve(info);
  return answerViewerFileRequest({
    ...{ path, token, tokens: { validate }, access: plainAccess, throttle },
    ...{ address: "192.0.2.7", watch: () => () => undefined },
  });
}

describe("answerViewerFileRequest()", () => {
  const files = [
    { path: "/console.vv", type: "application/x-virt-viewer", name: "console.vv" },
    { path: "/console.vnc", type: "application/x-tigervnc", name: "console.tigervnc" },
  ];
  for (const { path, type, name } of files) {
    it(`answers ${path} with a file that no cache keeps`, async () => {
      const answer = await ask(path, connectInfo);
      assert.equal(answer?.status, 200);
      assert.ok(answer.body.includes(TOKEN_TEXT));
      assert.ok(answer.body.includes(`Console of ${connectInfo.instanceUuid}`));
      assert.deepEqual(answer.headers, {
        "Content-Type": type,
        "Content-Disposition": `attachment; filename="${name}"`,
        "Content-Length": String(Buffer.byteLength(answer.body)),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
      });
    });
  }

  it("answers 429 with Retry-After to the wrong tokens of an address that has failed too often", async () => {
    const throttle = newThrottle();
    const wrong = new InvalidTokenError();
    assert.equal((await ask("/console.vv", wrong, undefined, throttle))?.status, 403);
    const delayed = ask("/console.vv", wrong, undefined, throttle);
    const refused = await ask("/console.vv", connectInfo, undefined, throttle);
    for (const answer of [await delayed, refused]) {
      assert.equal(answer?.status, 429);
      assert.match(answer.headers["Retry-After"] ?? "", /^(60|120)$/);
    }
    assert.equal((await ask("/console.vv", connectInfo, undefined, throttle))?.status, 200);
    assert.equal(throttle.waiting, 0);
  });

  it("counts no token that the store could not check", async () => {
    const throttle = newThrottle();
    await ask("/console.vv", new TokenStoreError("db"), undefined, throttle);
    assert.equal(throttle.networks, 0);
  });

  const refusals = [
    {
      why: "an unknown token",
      error: new InvalidTokenError(),
      status: 403,
      words: /unknown or exp/,
    },
    {
      why: "a store that is down",
      error: new TokenStoreError("db"),
      status: 503,
      words: /try again/,
    },
    {
      why: "a store that is broken",
      error: new Error("db secret"),
      status: 503,
      words: /try again/,
    },
  ] as const;
  for (const { why, error, status, words } of refusals) {
    it(`answers ${why} with ${status} and words, and without the token`, async () => {
      const answer = await ask("/console.vv", error);
      assert.equal(answer?.status, status);
      assert.match(answer.body, words);
      assert.ok(!answer.body.includes(TOKEN_TEXT) && !answer.body.includes("secret"));
      assert.equal(answer.headers["Content-Type"], "text/plain; charset=utf-8");
      assert.equal(answer.headers["Cache-Control"], "no-store");
    });
  }

  it("answers a request without a token with 400", async () => {
    assert.equal((await ask("/console.vnc", connectInfo, null))?.status, 400);
  });

  it("gives no file for a console that is no screen", async () => {
    const answer = await ask("/console.vv", { ...connectInfo, consoleType: "serial\r\nX" });
    assert.equal(answer?.status, 403);
    assert.equal(answer.body, "token is for a serial??X console, not for a screen\n");
  });

  it("writes an instance's name of any kind on one line", async () => {
    const answer = await ask("/console.vnc", {
      ...connectInfo,
      instanceUuid: "x\nServerName=evil",
    });
    assert.equal(answer?.body.match(/^ServerName=/gm)?.length, 1);
  });

  it("leaves other paths to others, without asking the store", async () => {
    for (const path of ["/", "/console", "/console.vv/", "/CONSOLE.VV", "/x/console.vnc"]) {
      assert.equal(await ask(path, new Error("asked")), null);
    }
  });
});
