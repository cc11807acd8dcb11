import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { readinessOf } from "@nova-console/health";
import { openTokenAuthority } from "./open-token-store.ts";
import { testConfig } from "./testing.ts";
import { watchStore } from "./watch-store.ts";

describe("watchStore()", { timeout: 30_000 }, () => {
  it("is ready while tokens are checked and none can be made, and says so", async () => {
    await using owned = new AsyncDisposableStack();
    const directory = mkdtempSync(join(tmpdir(), "nova-console-stores-"));
    owned.defer(() => {
      rmSync(directory, { recursive: true });
    });
    const config = testConfig(directory, ["console_proxy", "connect_timeout", "1"]);
    const store = await openTokenAuthority(config, { now: Date.now });
    owned.defer(() => store.close());
    let nowMs = 0;
    const check = watchStore(store, config, () => nowMs);
    assert.deepEqual(readinessOf(await check()), { isReady: true, missing: [] });

    const holder = new DatabaseSync(store.place);
    owned.defer(() => {
      holder.close();
    });
    holder.exec("BEGIN IMMEDIATE");
    nowMs += 1_000;
    const locked = await check();
    const { isReady, missing } = readinessOf(locked);
    assert.equal(isReady, true);
    assert.equal(missing.length, 1);
    const line = `store ${store.place} (writes): token store ${store.place}: is locked by another process`;
    assert.ok(missing[0]?.startsWith(line), missing[0]);
    assert.deepEqual(
      locked.map(({ problem }) => problem === null),
      [true, false],
    );
  });
});
