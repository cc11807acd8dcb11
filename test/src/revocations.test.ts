import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { RevocationStage, storeKinds } from "./support/revocation-stage.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 120_000;
/** measure-revocations.ts has the full counts. */
const IN_A_ROW = 300;
const AWAY = 20;
/** More than wait for a pool of the default size. */
const AUTHORIZED = 1_500;
const GRACE_MS = 2_000;

/** Together: most of it is waiting for servers to start and to stop. */
describe("nova-consoleauth", { timeout: 2 * TIMEOUT_MS, concurrency: true }, () => {
  for (const kind of storeKinds) {
    it(`loses no revocation of tokens in ${kind}`, { timeout: TIMEOUT_MS }, async () => {
      await using stage = await RevocationStage.start(kind);
      const none = (): Promise<boolean> =>
        stage.goodTokens().then(
          (count) => count === 0,
          () => false,
        );

      const inARow = await stage.mint(IN_A_ROW);
      await stage.castDeletes(inARow.map(({ instance }) => instance));
      await until("no token to be good", none);

      for (const restart of [null, "SIGTERM", "SIGKILL"] as const) {
        const minted = await stage.mint(AWAY);
        const instances = minted.map(({ instance }) => instance);
        await stage.stopStore();
        await stage.castDeletes(instances);
        if (restart === null) {
          await until("the delay to be logged", () =>
            instances.every((each) =>
              stage.log.includes(`cannot be revoked yet, trying until they can instance=${each}`),
            ),
          );
        } else {
          await stage.stopConsoleauth(restart);
          await stage.startConsoleauth();
        }
        await stage.startStore();
        await until("no token to be good", none, GRACE_MS);
      }
    });
  }

  it("authorizes all who ask at once on a pool of 5", { timeout: TIMEOUT_MS }, async () => {
    await using stage = await RevocationStage.start("MariaDB");
    const target = { topic: "consoleauth", version: "2.0" };
    const calls = Array.from({ length: AUTHORIZED }, (_, number) =>
      stage.client.call(
        target,
        "authorize_console",
        {
          ...{ token: randomUUID(), console_type: "novnc", instance_uuid: randomUUID() },
          ...{ host: "192.0.2.7", port: 10_000 + number, internal_access_path: null },
        },
        { timeoutMs: TIMEOUT_MS },
      ),
    );
    const outcomes = await Promise.allSettled(calls);
    const failed = outcomes.find((each) => each.status === "rejected");
    assert.equal(failed, undefined);
    assert.equal(await stage.goodTokens(), AUTHORIZED);
  });
});
