import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Installation } from "./support/installation.ts";
import { CellList } from "./support/nova/cell-list.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 60_000;
/** Two cells and the API database, on a machine with other work to do. */
const START_TIMEOUT_MS = 240_000;
const DATABASE_TEMPLATE = "{scheme}://{username}:{password}@{hostname}:{port}/{path}";

describe(
  "validate_console_port with several cells",
  { timeout: START_TIMEOUT_MS + 2 * TIMEOUT_MS },
  () => {
    const owned = new AsyncDisposableStack();
    let first: NovaCell;
    let second: NovaCell;
    let api: CellList;
    let installation: Installation;

    before(
      async () => {
        first = owned.use(await NovaCell.start("MariaDB"));
        second = owned.use(await NovaCell.start("PostgreSQL"));
        api = owned.use(await CellList.start(first.database.url, first.queue.url));
        await api.createCell("first", DATABASE_TEMPLATE, `${DATABASE_TEMPLATE}?{query}`);
        await api.createCell("second", second.database.url, second.queue.url);
        installation = owned.use(await Installation.create());
        await installation.startXvpvncproxy(["--config-file", api.confPath]);
      },
      { timeout: START_TIMEOUT_MS },
    );
    after(() => owned.disposeAsync());

    it(
      "asks the nova-compute of the cell that has the instance",
      { timeout: TIMEOUT_MS },
      async () => {
        await using backend = await ScriptedBackend.start({});
        const { host, port } = backend.endpoint;
        const tokens = [
          await first.authorize(host, port, "xvpvnc"),
          await second.authorize(host, port, "xvpvnc"),
        ];
        const statuses = (): Promise<number[]> =>
          Promise.all(tokens.map((token) => statusOf(token)));
        assert.deepEqual(await statuses(), [200, 200]);
        await second.compute.answer(false);
        assert.deepEqual(await statuses(), [200, 401]);
        await first.compute.answer(false);
        await second.compute.answer("ports");
        assert.deepEqual(await statuses(), [401, 200]);
      },
    );

    it(
      "asks each cell in the version of its oldest nova-compute",
      { timeout: TIMEOUT_MS },
      async () => {
        await using automatic = await Installation.create({
          conf: { upgrade_levels: { compute: "auto" } },
        });
        await automatic.startXvpvncproxy(["--config-file", api.confPath]);
        await using backend = await ScriptedBackend.start({});
        const { host, port } = backend.endpoint;
        await first.compute.answer("ports");
        await first.compute.enterService(56);
        await second.compute.enterService(55);
        assert.equal(await statusOf(await first.authorize(host, port, "xvpvnc"), automatic), 200);
        // This nova-compute does not speak 5.0: its service version is only told.
        assert.equal(await statusOf(await second.authorize(host, port, "xvpvnc"), automatic), 503);
        await until("the log to tell which version was asked", () =>
          automatic.log.includes("does not support RPC version 5.0"),
        );
      },
    );

    it(
      "refuses only the consoles of a cell whose message queue is away",
      { timeout: TIMEOUT_MS },
      async () => {
        await using backend = await ScriptedBackend.start({});
        const { host, port } = backend.endpoint;
        await first.compute.answer("ports");
        await second.queue.kill();
        const here = await first.authorize(host, port, "xvpvnc");
        const there = await second.authorize(host, port, "xvpvnc");
        assert.equal(await statusOf(there), 503);
        assert.equal(await statusOf(here), 200);
      },
    );

    async function statusOf(token: string, { xvpPort } = installation): Promise<number> {
      const url = new URL(`http://127.0.0.1:${xvpPort}/console?token=${token}`);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { status, channel } = await openXvp({ method: "CONNECT", url }, signal);
      channel.destroy();
      return status;
    }
  },
);
