/**
 * Measures how many tokens of deleted instances stay good, and for how long: 3,000 revocations in a row,
 * 300 at 0.1 s an answer, 20 while the store is away for 2 s, and the last once more with a restart of
 * nova-consoleauth in between, for each store: `node test/src/measure-revocations.ts [STORE]...` after a
 * build.
 */
import { setTimeout as delay } from "node:timers/promises";
import { RevocationStage, type StoreKind, storeKinds } from "./support/revocation-stage.ts";
import { until } from "./support/until.ts";

const LIMIT_MS = 120_000;
const AWAY_MS = 2_000;
const GRACE_MS = 2_000;

const wanted = process.argv.slice(2);
const kinds = storeKinds.filter((kind) => wanted.length === 0 || wanted.includes(kind));

function report(kind: StoreKind, what: string, count: number, detail: string): void {
  process.stdout.write(`${kind.padEnd(10)} ${what.padEnd(34)} ${String(count)}: ${detail}\n`);
}

/** Casts them, and waits until none is good. */
async function measureInARow(
  kind: StoreKind,
  stage: RevocationStage,
  { what, count, delayMs }: { what: string; count: number; delayMs: number },
): Promise<void> {
  const minted = await stage.mint(count);
  stage.slowDown(delayMs);
  const begun = performance.now();
  await stage.castDeletes(minted.map(({ instance }) => instance));
  const cast = performance.now();
  await until("no token to be good", async () => (await stage.goodTokens()) === 0, LIMIT_MS).catch(
    () => undefined,
  );
  const took = performance.now();
  stage.slowDown(0);
  const good = await stage.goodTokens();
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(2);
  report(
    kind,
    what,
    count,
    `${String(good)} still good; cast in ${seconds(begun, cast)} s, all gone ${seconds(cast, took)} s later`,
  );
}

/** Casts them while the store is away, and counts what is good some time after its return. */
async function measureAway(
  kind: StoreKind,
  stage: RevocationStage,
  { count, restart }: { count: number; restart: "SIGTERM" | "SIGKILL" | null },
): Promise<void> {
  const minted = await stage.mint(count);
  await stage.stopStore();
  await stage.castDeletes(minted.map(({ instance }) => instance));
  if (restart !== null) {
    await stage.stopConsoleauth(restart);
    await stage.startConsoleauth();
  }
  await delay(AWAY_MS);
  await stage.startStore();
  await delay(GRACE_MS);
  const good = await stage.goodTokens();
  const what = `away${restart === null ? "" : `, ${restart} and start`}`;
  report(kind, what, count, `${String(good)} still good ${String(GRACE_MS)} ms after the return`);
}

for (const kind of kinds) {
  await using stage = await RevocationStage.start(kind);
  await measureInARow(kind, stage, { what: "in a row", count: 3_000, delayMs: 0 });
  if (kind !== "SQLite") {
    await measureInARow(kind, stage, { what: "0.1 s an answer", count: 300, delayMs: 100 });
  }
  for (const restart of [null, "SIGTERM", "SIGKILL"] as const) {
    await measureAway(kind, stage, { count: 20, restart });
  }
  await measureAway(kind, stage, { count: 3_000, restart: "SIGKILL" });
}
