import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Admin } from "./support/admin.ts";
import { CutRelay } from "./support/cut-relay.ts";
import { freePort } from "./support/free-port.ts";
import { Installation } from "./support/installation.ts";
import { CellList } from "./support/nova/cell-list.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 60_000;
/** Two cells and the API database, on a machine with other work to do. */
const START_TIMEOUT_MS = 240_000;
const OPENS = 50;
/** Fewer than a token may have consoles. */
const AT_ONCE = 5;
const WORKERS = 2;
const POOL_SIZE = 2;
/** HAProxy gives up a check after its interval: 2 s in our examples. */
const CHECK_LIMIT_MS = 2_000;
const CONF = {
  console_proxy: { workers: WORKERS, connect_timeout: 2 },
  database: { max_pool_size: POOL_SIZE },
  // A broken connection to the broker is to be noticed within the test.
  oslo_messaging_rabbit: { heartbeat_timeout_threshold: 3 },
};

type Cut = (relay: CutRelay) => Promise<void> | void;

const loseState: Cut = (relay) => {
  relay.loseState();
};

const cuts: Readonly<Record<string, Cut>> = {
  "refuses connections": (relay) => relay.refuse(),
  "is silent": (relay) => {
    relay.fallSilent();
  },
  "has lost the state of its connections": loseState,
};

describe("one cell of two", { timeout: START_TIMEOUT_MS + 10 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let first: NovaCell;
  let second: NovaCell;
  let firstBroker: CutRelay;
  let relays: { readonly database: CutRelay; readonly broker: CutRelay };
  let api: CellList;
  let installation: Installation;
  let backend: ScriptedBackend;
  let admin: Admin;

  before(
    async () => {
      first = owned.use(await NovaCell.start("MariaDB"));
      second = owned.use(await NovaCell.start("MariaDB"));
      api = owned.use(await CellList.start(first.database.url, first.queue.url));
      const relayTo = async ({ port }: { port: number }): Promise<CutRelay> =>
        owned.use(await CutRelay.start(port));
      firstBroker = await relayTo(first.queue);
      relays = { database: await relayTo(second.database), broker: await relayTo(second.queue) };
      await api.createCell("first", first.database.url, through(firstBroker, first.queue));
      await api.createCell(
        "second",
        through(relays.database, second.database),
        through(relays.broker, second.queue),
      );
      const adminPort = await freePort();
      const conf = {
        ...CONF,
        console_proxy: { ...CONF.console_proxy, admin_listen: `127.0.0.1:${adminPort}` },
      };
      installation = owned.use(await Installation.create({ conf }));
      admin = new Admin(adminPort);
      await installation.startXvpvncproxy(["--config-file", api.confPath]);
      backend = owned.use(await ScriptedBackend.start({}));
    },
    { timeout: START_TIMEOUT_MS },
  );
  after(() => owned.disposeAsync());

  for (const part of ["database", "broker"] as const) {
    for (const [what, cut] of Object.entries(cuts)) {
      it(
        `closes no console of the other when the way to its ${part} ${what}`,
        { timeout: TIMEOUT_MS },
        async () => {
          await openAll([first, second]);
          await isReady(/^ok\n$/);
          await cut(relays[part]);
          const kind = part === "database" ? "cell" : "broker";
          // A database is asked by new connections at once: it need not be missed.
          const isMissed = part === "broker" || cut !== loseState;
          const told = isReady(
            new RegExp(isMissed ? `^ok\n(?:.*\n)*${kind} second \\(.*\\): .*` : "^ok\n"),
          );
          await openMany(first);
          await told;
          if (cut !== loseState) {
            const up = await admin.metric("nova_console_dependency_up", `"${kind}",name="second`);
            assert.equal(up, 0);
            assert.notEqual(await statusOf(await authorize(second)), 200);
            await relays[part].mend();
          }
          // Without help where new connections pass.
          await isReady(/^ok\n$/);
          await until(
            "the cell to open again",
            async () => (await statusOf(await authorize(second))) === 200,
          );
          assert.equal(await admin.metric("nova_console_dependency_up", "second"), 3);
          await relays[part].mend();
        },
      );
    }
  }

  it("has as many connections to a database as documented", { timeout: TIMEOUT_MS }, async () => {
    const tokens: string[] = [];
    for (let minted = 0; minted < 8; minted++) tokens.push(await authorize(second));
    relays.database.countAnew();
    const opens = tokens.flatMap((token) => Array.from({ length: AT_ONCE }, () => statusOf(token)));
    assert.deepEqual(new Set(await Promise.all(opens)), new Set([200]));
    const forTokens = WORKERS * POOL_SIZE;
    const { peak } = relays.database;
    assert.ok(peak > forTokens && peak <= 2 * forTokens, `${peak}`);
    const [, open] = (await api.database.sql("SHOW STATUS LIKE 'Threads_connected'")).split("\t");
    // The one that asks is another.
    assert.equal(Number(open) - 1, 2 * WORKERS);
  });

  it("asks nobody more often the more it is asked itself", { timeout: TIMEOUT_MS }, async () => {
    const before = await executed(first);
    const startedMs = performance.now();
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 15 }, () => admin.ask("/readyz")));
    }
    const seconds = Math.ceil((performance.now() - startedMs) / 1_000);
    const asked = (await executed(first)) - before;
    assert.ok(asked <= WORKERS * (seconds + 1), `${asked} in ${seconds} s`);
  });

  it("is not enough without its nova-compute's answers", { timeout: 2 * TIMEOUT_MS }, async () => {
    await relays.database.refuse();
    await first.compute.answer("nothing");
    const tokens: string[] = [];
    for (let minted = 0; minted < 8; minted++) tokens.push(await authorize(first));
    for (const status of await Promise.all(tokens.map(statusOf))) assert.equal(status, 503);
    const { body } = await isReady(/nova-compute on compute1 did not answer/, 503);
    assert.match(body, /^cell second .*: /m);
    await first.compute.answer("ports");
    await relays.database.mend();
  });

  it("is not enough without its broker", { timeout: 2 * TIMEOUT_MS }, async () => {
    await relays.database.refuse();
    await firstBroker.refuse();
    const { body } = await isReady(/^broker first .*: .*no message broker/m, 503);
    assert.match(body, /^cell second .*: /m);
    assert.doesNotMatch(body, /guest|:nova_cell|nova_cell:.*@/);
    await relays.database.mend();
    await isReady(/^ok\n(?:.*\n)*broker first/);
    await firstBroker.mend();
    await isReady(/^ok\n$/);
  });

  /** Waits until /readyz says so; no answer may take longer than load balancers wait. */
  function isReady(words: RegExp, status = 200): Promise<{ readonly body: string }> {
    return until(`/readyz to say ${status} ${String(words)}`, async () => {
      const startedMs = performance.now();
      const answer = await admin.ask("/readyz");
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs < CHECK_LIMIT_MS, `${tookMs} ms`);
      return answer.status === status && words.test(answer.body) && answer;
    });
  }

  async function openMany(cell: NovaCell): Promise<void> {
    const token = await authorize(cell);
    for (let opened = 0; opened < OPENS; opened += AT_ONCE) {
      const statuses = await Promise.all(Array.from({ length: AT_ONCE }, () => statusOf(token)));
      assert.deepEqual(new Set(statuses), new Set([200]));
    }
  }

  async function openAll(cells: readonly NovaCell[]): Promise<void> {
    for (const cell of cells) assert.equal(await statusOf(await authorize(cell)), 200);
  }

  function authorize(cell: NovaCell): Promise<string> {
    return cell.authorize(backend.endpoint.host, backend.endpoint.port, "xvpvnc");
  }

  async function statusOf(token: string): Promise<number> {
    const url = new URL(`http://127.0.0.1:${installation.xvpPort}/console?token=${token}`);
    const { status, channel } = await openXvp(
      { method: "CONNECT", url },
      AbortSignal.timeout(TIMEOUT_MS),
    );
    channel.destroy();
    return status;
  }
});

/** The URL by which a server is reached through a relay. */
function through(relay: CutRelay, { url, port }: { url: string; port: number }): string {
  return url.replace(`:${port}/`, `:${relay.port}/`);
}

/** How many prepared statements were executed in a cell's MariaDB. */
async function executed({ database }: NovaCell): Promise<number> {
  const printed = await database.sql("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
  return Number(printed.split("\t").at(1));
}
