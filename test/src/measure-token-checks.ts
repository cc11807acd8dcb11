/**
 * Measures how long a token's check takes at 500 a second, and what a store that is away for a minute
 * costs, on MariaDB, PostgreSQL and Redis: `node test/src/measure-token-checks.ts` after a build, on a
 * machine that does nothing else.
 */
import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Token, type TokenAuthority } from "@nova-console/token";
import { openRedisTokenStore } from "@nova-console/token-store-redis";
import { SqlTokenStore } from "@nova-console/token-store-sql";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { RedisServer } from "./support/redis/redis-server.ts";

const CHECKS_PER_SECOND = 500;
const SECONDS = 20;
const AWAY_SECONDS = 60;
const TICK_MS = 2;
const CONNECT_TIMEOUT_MS = 5_000;

/** A store, and how it is taken away and brought back. */
interface Place {
  readonly name: string;
  readonly store: TokenAuthority;
  readonly token: Token;
  stop(): Promise<unknown>;
  start(): Promise<unknown>;
}

/** Milliseconds of checks that were answered with yes, and of those that were refused. */
interface Times {
  readonly good: number[];
  readonly refused: number[];
  /** When the last good one was answered for the first time after `mark`. */
  firstGoodAt: number | null;
}

/** Asks at a steady rate, however long the answers take, until `until` is over. */
async function ask({ store, token }: Place, until: Promise<unknown>, times: Times): Promise<void> {
  const asking = { isOver: false };
  void until.then(() => {
    asking.isOver = true;
  });
  const underWay = new Set<Promise<void>>();
  const start = performance.now();
  for (let asked = 0; !asking.isOver;) {
    const due = ((performance.now() - start) / 1000) * CHECKS_PER_SECOND;
    for (; asked < due; asked++) {
      const since = performance.now();
      const check = store
        .validate(token)
        .then(
          () => {
            times.good.push(performance.now() - since);
            times.firstGoodAt ??= performance.now();
          },
          () => {
            times.refused.push(performance.now() - since);
          },
        )
        .finally(() => {
          underWay.delete(check);
        });
      underWay.add(check);
    }
    await delay(TICK_MS);
  }
  await Promise.all(underWay);
}

function describe(values: number[]): string {
  if (values.length === 0) return "none";
  values.sort((a, b) => a - b);
  const at = (part: number): string =>
    (values[Math.floor((values.length - 1) * part)] ?? 0).toFixed(2);
  return `${values.length}, ms p50 ${at(0.5)} p99 ${at(0.99)} p99.9 ${at(0.999)} longest ${at(1)}`;
}

async function measure(place: Place): Promise<void> {
  const warm: Times = { good: [], refused: [], firstGoodAt: null };
  await ask(place, delay(2_000), warm);
  const steady: Times = { good: [], refused: [], firstGoodAt: null };
  await ask(place, delay(SECONDS * 1000), steady);
  process.stdout.write(`${place.name}: ${CHECKS_PER_SECOND}/s: good ${describe(steady.good)}`);
  process.stdout.write(`; refused ${describe(steady.refused)}\n`);

  await place.stop();
  const away: Times = { good: [], refused: [], firstGoodAt: null };
  await ask(place, delay(AWAY_SECONDS * 1000), away);
  const back: Times = { good: [], refused: [], firstGoodAt: null };
  const returning = place.start().then(() => performance.now());
  await ask(
    place,
    returning.then(() => delay(3_000)),
    back,
  );
  const returned = await returning;
  process.stdout.write(`  away for ${AWAY_SECONDS} s: good ${describe(away.good)}; refused `);
  process.stdout.write(`${describe(away.refused)}; good again `);
  process.stdout.write(
    back.firstGoodAt === null
      ? "never\n"
      : `${(back.firstGoodAt - returned).toFixed(0)} ms after its return\n`,
  );
}

async function sqlPlace(
  owned: AsyncDisposableStack,
  kind: "MariaDB" | "PostgreSQL",
): Promise<Place> {
  const cell = owned.use(await NovaCell.start(kind));
  const store = owned.adopt(
    SqlTokenStore.open({
      connection: cell.database.url,
      setting: "[database] connection",
      maxPoolSize: 5,
      now: Date.now,
    }),
    (each) => each.close(),
  );
  const token = new Token(await cell.authorize("192.0.2.7", 5900));
  const { database } = cell;
  return { name: kind, store, token, stop: () => database.stop(), start: () => database.restart() };
}

async function redisPlace(owned: AsyncDisposableStack): Promise<Place> {
  const server = owned.use(await RedisServer.start());
  const url = `redis://127.0.0.1:${server.port}/0`;
  const store = owned.adopt(
    openRedisTokenStore({ url, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
    (each) => each.close(),
  );
  const { token } = await store.authorize({
    consoleType: "novnc",
    host: "192.0.2.7",
    port: 5900,
    internalAccessPath: null,
    instanceUuid: randomUUID(),
    accessUrlBase: "http://127.0.0.1:6080/vnc_lite.html",
    ttlSeconds: 3600,
  });
  return { name: "Redis", store, token, stop: () => server.kill(), start: () => server.start() };
}

for (const open of [
  redisPlace,
  (owned: AsyncDisposableStack) => sqlPlace(owned, "MariaDB"),
  (owned: AsyncDisposableStack) => sqlPlace(owned, "PostgreSQL"),
]) {
  await using owned = new AsyncDisposableStack();
  await measure(await open(owned));
}
