import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RpcTimeoutError, type RpcTarget } from "@nova-console/oslo-messaging";
import { InvalidTokenError, Token, TokenStoreError } from "@nova-console/token";
import { ConsoleauthTokenStore } from "./consoleauth-token-store.ts";
import { consoleauthVersion } from "./consoleauth-version.ts";

const NOW_MS = 1_795_327_070_500;
const TEXT = "0c07bd41-2d5c-4d56-94b6-6ae2a06b7ab0";
/** As nova-consoleauth of Queens answers. */
const answer = {
  token: TEXT,
  instance_uuid: "11111111-2222-3333-4444-555555555555",
  console_type: "novnc",
  host: "192.0.2.7",
  port: "5900",
  internal_access_path: null,
  access_url: `http://127.0.0.1:6080/vnc_auto.html?token=${TEXT}`,
  last_activity_at: 1_795_327_000.25,
};

interface Asked {
  readonly target: RpcTarget;
  readonly method: string;
  readonly args: object;
  readonly timeoutMs: number;
}

function storeThatHears(outcome: () => unknown, asked: Asked[] = []): ConsoleauthTokenStore {
  return new ConsoleauthTokenStore({
    client: {
      place: "rabbit://h:5672/",
      call: (target, method, args, { timeoutMs }) => {
        asked.push({ target, method, args, timeoutMs });
        return Promise.resolve().then(outcome);
      },
      close: () => Promise.resolve(),
    },
    version: "2.0",
    timeoutMs: 5_000,
    tokenTtlSeconds: 600,
    now: () => NOW_MS,
  });
}

describe("ConsoleauthTokenStore", () => {
  it("asks check_token, and reads where a good token leads", async () => {
    const asked: Asked[] = [];
    const store = storeThatHears(() => answer, asked);
    const token = new Token(TEXT);
    assert.deepEqual(await store.validate(token), {
      tokenDigest: token.digest,
      consoleType: "novnc",
      host: "192.0.2.7",
      port: 5900,
      internalAccessPath: null,
      instanceUuid: "11111111-2222-3333-4444-555555555555",
      expires: 1_795_327_600,
      accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
    });
    const target = { topic: "consoleauth", version: "2.0" };
    assert.deepEqual(asked, [
      { target, method: "check_token", args: { token: TEXT }, timeoutMs: 5_000 },
    ]);
  });

  it("refuses a token that nova-consoleauth answers nothing for", async () => {
    await assert.rejects(storeThatHears(() => null).validate(new Token(TEXT)), InvalidTokenError);
  });

  it("says that the store is down, and where, when the call fails", async () => {
    const store = storeThatHears(() => {
      throw new RpcTimeoutError("no answer");
    });
    await assert.rejects(
      store.validate(new Token(TEXT)),
      (error) =>
        error instanceof TokenStoreError &&
        error.message === "nova-consoleauth by rabbit://h:5672/: no answer",
    );
  });

  for (const [what, change] of Object.entries({
    "no object": true,
    "no host": { host: null },
    "a host with a line end": { host: "h\r\nX: y" },
    "no port": { port: null },
    "a port that is too large": { port: "70000" },
    "a port that is a list": { port: [5900] },
    "no instance": { instance_uuid: "" },
    "an instance that is no UUID": { instance_uuid: "1" },
    "an access path with a line end": { internal_access_path: "a\r\nb" },
    "an access path that is a number": { internal_access_path: 5 },
    "a console type that is too long": { console_type: "x".repeat(256) },
  })) {
    it(`does not believe an answer with ${what}, and never shows the token`, async () => {
      const told = typeof change === "object" ? { ...answer, ...change } : change;
      await assert.rejects(
        storeThatHears(() => told).validate(new Token(TEXT)),
        (error) => error instanceof TokenStoreError && !error.message.includes(TEXT),
      );
    });
  }

  it("takes a clock that is behind for what it is, and needs none", async () => {
    const validate = async (last_activity_at: unknown): Promise<number> =>
      (await storeThatHears(() => ({ ...answer, last_activity_at })).validate(new Token(TEXT)))
        .expires;
    assert.equal(await validate(1_000), 1_795_327_071);
    assert.equal(await validate(null), 1_795_327_670);
    assert.equal(await validate("soon"), 1_795_327_670);
  });

  it("knows no live tokens", async () => {
    assert.deepEqual(await storeThatHears(() => answer).liveDigests(), []);
  });
});

describe("consoleauthVersion()", () => {
  it("is 2.0, or 1.x for Grizzly and Havana", () => {
    for (const cap of [null, "", "2.0", "2.1", "icehouse", "queens", "auto"]) {
      assert.equal(consoleauthVersion(cap), "2.0");
    }
    for (const cap of ["1.2", "grizzly", "havana"]) assert.equal(consoleauthVersion(cap), "1.2");
    assert.equal(consoleauthVersion("1.0"), "1.0");
    assert.throws(() => consoleauthVersion("newest!"), { code: "TOKEN_ERR_STORE_SETTING" });
  });
});
