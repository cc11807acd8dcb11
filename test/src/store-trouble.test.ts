import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Installation } from "./support/installation.ts";
import { type Api, type Ended, type Load, StoreLoad } from "./support/store-load.ts";
import { lock, remove, replaceByLocked, type Trouble } from "./support/store-trouble.ts";

const TIMEOUT = { timeout: 120_000 };
const SECRET = "a-secret-of-the-test";
const CONNECT_TIMEOUT_SECONDS = 2;
/** Longer than a question may take, so that those asked at its beginning are refused. */
const TROUBLE_MS = 3_500;
/** What a loaded machine may add to any wait. */
const SLACK_MS = 1_500;
const LOAD: Load = { consoles: 6, opensPerSecond: 6, keysPerSecond: 10, limitMs: 30_000 };

/** Starts everything that uses the embedded store. */
async function startAll(
  owned: AsyncDisposableStack,
): Promise<{ path: string; api: Api; log: () => string }> {
  const installation = owned.use(
    await Installation.create({
      conf: { console_proxy: { connect_timeout: CONNECT_TIMEOUT_SECONDS } },
    }),
  );
  const secretFile = installation.directory.file("secret");
  await writeFile(secretFile, SECRET, { mode: 0o600 });
  const consoleauth = await installation.startConsoleauth([
    ...["--consoleauth-api_listen", "127.0.0.1:0", "--consoleauth-api_secret_file", secretFile],
  ]);
  const [, address = ""] = await consoleauth.printed(/HTTP API on (\S+?),? *\n/);
  await Promise.all([installation.startNovncproxy(), installation.startXvpvncproxy()]);
  const api = { base: `http://${address}`, secret: SECRET };
  return { path: installation.directory.file("consoles.sqlite"), api, log: () => installation.log };
}

/** How questions end while the store is in trouble: those asked early enough that they cannot outlast it. */
const troubles: [
  name: string,
  begin: (path: string) => Promise<Trouble>,
  expected: (asked: Ended) => boolean,
][] = [
  [
    "locked by another process: tokens are checked, and none is made",
    lock,
    ({ what, served, reason }) =>
      what === "consoleauth" ? /^503 .*is locked by another process/.test(reason) : served,
  ],
  [
    "replaced by one that another process keeps locked: all is refused",
    replaceByLocked,
    ({ what, reason }) =>
      what === "consoleauth"
        ? /^503 .*is locked by another process/.test(reason)
        : /cannot be checked at the moment|^HTTP\/1\.1 503/.test(reason),
  ],
  [
    "gone: an empty one takes its place",
    remove,
    ({ what, served }) => served === (what === "consoleauth"),
  ],
];

describe("the embedded token store", () => {
  for (const [name, begin, isExpected] of troubles) {
    it(`is ${name}; live consoles do not notice`, TIMEOUT, async () => {
      await using owned = new AsyncDisposableStack();
      const { path, api, log } = await startAll(owned);
      const load = owned.use(await StoreLoad.start(api, LOAD));
      const trouble = await begin(path);
      owned.defer(() => trouble.end());
      const began = performance.now();
      const seen = await load.during(delay(TROUBLE_MS));
      await trouble.end();
      const limitMs = CONNECT_TIMEOUT_SECONDS * 1_000;
      for (const asked of seen.opens) {
        assert.ok(asked.tookMs < limitMs + SLACK_MS, JSON.stringify(asked));
        const isOverBefore = asked.startedAt + limitMs < began + TROUBLE_MS;
        if (isOverBefore) assert.ok(isExpected(asked), JSON.stringify(asked));
      }
      // A lock that the event loop waits for delays echoes by all that it waits.
      assert.ok(Math.max(...seen.echoes) < limitMs / 2, String(Math.max(...seen.echoes)));
      await load.renew();
      const after = await load.during(delay(1_000));
      for (const { served, reason } of after.opens) assert.ok(served, reason);
      assert.doesNotMatch(log(), /gave no sign of life|a worker died/);
    });
  }
});
