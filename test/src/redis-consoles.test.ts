import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type Consoleauth, RedisStage } from "./support/redis/redis-stage.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 120_000;
/** Viewers that try to open consoles all the time. */
const TRYING = 10;
const UNKNOWN = { name: "RfbRefusedError", message: /unknown or expired/ };

/** Types something, and waits for its echo. */
async function echoes(viewer: RfbViewer): Promise<void> {
  viewer.typeKey(0x61);
  await viewer.readExact(16);
}

describe("consoles whose tokens are in Redis", { timeout: 4 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const owned = new AsyncDisposableStack();
  let stage: RedisStage;
  let first: Consoleauth;
  let second: Consoleauth;

  before(async () => {
    stage = owned.use(await RedisStage.start(AbortSignal.timeout(4 * TIMEOUT_MS)));
    first = await stage.startConsoleauth();
    second = await stage.startConsoleauth();
  });
  after(() => owned.disposeAsync());

  async function opensOnBoth(token: string): Promise<RfbViewer[]> {
    const xvp = await stage.openXvp(token);
    assert.ok(typeof xvp !== "number", "refused on 6081");
    const viewers = [await stage.openNovnc(token), xvp];
    for (const viewer of viewers) await echoes(viewer);
    return viewers;
  }

  async function refusedOnBoth(token: string): Promise<void> {
    await assert.rejects(stage.openNovnc(token), UNKNOWN);
    assert.equal(await stage.openXvp(token), 401);
  }

  it(
    "open on both ports with a token of either consoleauth, restarted or not",
    { timeout },
    async () => {
      const instance_uuid = randomUUID();
      const tokens = [
        await stage.authorize(first, { instance_uuid, console_type: "novnc" }),
        await stage.authorize(second, { instance_uuid, console_type: "xvpvnc" }),
      ];
      for (const token of tokens) await opensOnBoth(token);
      await first.child.stop();
      first = await stage.startConsoleauth();
      for (const token of tokens) await opensOnBoth(token);
    },
  );

  it(
    "are refused on both ports when their instance was revoked by another consoleauth",
    { timeout },
    async () => {
      const instance_uuid = randomUUID();
      const token = await stage.authorize(first, { instance_uuid, console_type: "novnc" });
      await opensOnBoth(token);
      assert.equal(await stage.revokeInstance(second, instance_uuid), 1);
      await refusedOnBoth(token);
    },
  );

  it(
    "are refused on both ports when their port was given to another instance",
    { timeout },
    async () => {
      const console_type = "novnc";
      const old = await stage.authorize(first, { instance_uuid: randomUUID(), console_type });
      const now = await stage.authorize(second, { instance_uuid: randomUUID(), console_type });
      await refusedOnBoth(old);
      await opensOnBoth(now);
    },
  );

  it(
    "go on while Redis is away, and new ones open within a second of its return",
    { timeout },
    async () => {
      const token = await stage.authorize(first, {
        instance_uuid: randomUUID(),
        console_type: "novnc",
      });
      const open = await opensOnBoth(token);
      const refusals = new Set<string>();
      const attempt = async (): Promise<boolean> => {
        try {
          const viewer = await stage.openNovnc(token);
          viewer.channel.destroy();
          return true;
        } catch (error) {
          refusals.add(error instanceof Error ? error.message : String(error));
          return false;
        }
      };
      const load = new AbortController();
      const trying = Array.from({ length: TRYING }, () =>
        until("the load to end", async () => {
          await attempt();
          return load.signal.aborted;
        }),
      );
      await stage.redis.kill();
      await until("both proxies to refuse", async () => {
        return !(await attempt()) && (await stage.openXvp(token)) === 503;
      });
      for (const viewer of open) await echoes(viewer);
      await stage.redis.start();
      await until("a console to open on 6080", attempt, 1000);
      await until(
        "a console to open on 6081",
        async () => (await stage.openXvp(token)) instanceof RfbViewer,
        1000,
      );
      load.abort();
      await Promise.all(trying);
      for (const viewer of open) await echoes(viewer);
      assert.deepEqual(
        [...refusals],
        ["console tokens cannot be checked at the moment: try again later"],
      );
      const { port } = stage.redis;
      assert.match(
        stage.installation.log,
        new RegExp(`reason=token-store-unavailable.*redis://127.0.0.1:${port}/0: `),
      );
    },
  );
});
