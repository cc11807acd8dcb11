import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Installation } from "./support/installation.ts";
import { CellList } from "./support/nova/cell-list.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { OsloClient } from "./support/nova/oslo-rpc.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 90_000;
/** A cell and the API database, on a machine with other work to do. */
const START_TIMEOUT_MS = 240_000;
const TEMPLATE = "{scheme}://{username}:{password}@{hostname}:{port}/{path}";

/** Releases whose tokens are nova-consoleauth's. The virtual host is that of the file. */
const byConsoleauth = [
  { release: "grizzly", version: "1.2", virtualHost: "" },
  { release: "icehouse", version: "2.0", virtualHost: "" },
  { release: "kilo", version: "2.1", virtualHost: "nova" },
  { release: "queens", version: "2.1", virtualHost: "" },
];
/** Releases whose tokens are in the cells' databases. */
const byDatabase = ["train", "zed", "2025.1"];

describe(
  "nova.conf of the releases, as their guides write it",
  { timeout: START_TIMEOUT_MS + 8 * TIMEOUT_MS },
  () => {
    const owned = new AsyncDisposableStack();
    let cell: NovaCell;
    let api: CellList;
    let backend: ScriptedBackend;

    before(
      async () => {
        cell = owned.use(await NovaCell.start("MariaDB"));
        api = owned.use(await CellList.start(cell.database.url));
        // Filled in with the parts of the two URLs in the file.
        await api.createCell("cell1", TEMPLATE, TEMPLATE);
        backend = owned.use(await ScriptedBackend.start({}));
        for (const words of [
          ["add_user", "openstack", "RABBIT_PASS"],
          ["add_vhost", "nova"],
          ["set_permissions", "-p", "/", "openstack", ".*", ".*", ".*"],
          ["set_permissions", "-p", "nova", "openstack", ".*", ".*", ".*"],
        ]) {
          await cell.queue.ctl(...words);
        }
      },
      { timeout: START_TIMEOUT_MS },
    );
    after(() => owned.disposeAsync());

    /** Puts the file of a release on this machine's addresses. @returns arguments that read it, and then the test's own */
    async function argsFor(release: string, installation: Installation): Promise<string[]> {
      const file = new URL(`testdata/nova-conf/${release}.conf`, import.meta.url);
      const text = (await readFile(file, "utf8"))
        .replace("nova:NOVA_DBPASS@controller/nova_api", authorityOf(api.database.url))
        .replace("nova:NOVA_DBPASS@controller/nova", authorityOf(cell.database.url))
        .replaceAll(":5672", `:${cell.queue.port}`)
        .replace(/^rabbit_port *=.*$/m, `rabbit_port = ${cell.queue.port}`)
        .replaceAll("controller", "127.0.0.1");
      const path = installation.directory.file(`${release}.conf`);
      await writeFile(path, text);
      return ["--config-file", path, "--config-file", installation.confPath];
    }

    async function statusOf(token: string, { xvpPort }: Installation): Promise<number> {
      const url = new URL(`http://127.0.0.1:${xvpPort}/console?token=${token}`);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { status, channel } = await openXvp({ method: "CONNECT", url }, signal);
      channel.destroy();
      return status;
    }

    for (const { release, version, virtualHost } of byConsoleauth) {
      it(
        `of ${release} leads to its broker and its database`,
        { timeout: TIMEOUT_MS },
        async () => {
          // Where the guide's age has its log; and what a host of ours adds.
          const DEFAULT = { log_dir: "", log_file: "" };
          await using installation = await Installation.create({
            conf: { DEFAULT, console_proxy: { token_store: "consoleauth" } },
          });
          const args = await argsFor(release, installation);
          const consoleauth = await installation.startConsoleauth(args);
          await consoleauth.printed(/RPC at rabbit:/);
          await installation.startXvpvncproxy(args);
          const broker = `rabbit://openstack:RABBIT_PASS@127.0.0.1:${cell.queue.port}/${virtualHost}`;
          await using oslo = await OsloClient.start(broker);
          const { host, port } = backend.endpoint;
          // Only for its instance.
          await cell.authorize(host, port, "xvpvnc");
          const instances = await cell.database.sql("SELECT uuid FROM instances ORDER BY id DESC");
          const token = randomUUID();
          const outcome = await oslo.ask({
            ...{ topic: "consoleauth", version, method: "authorize_console" },
            args: {
              ...{ token, console_type: "xvpvnc", host, port: String(port) },
              ...{ internal_access_path: null, instance_uuid: instances.trim().split("\n")[0] },
              ...(version === "2.1" ? { access_url: `http://h/console?token=${token}` } : {}),
            },
          });
          assert.deepEqual(outcome, { result: null });
          const known = await cell.database.sql(
            `SELECT COUNT(*) FROM console_auth_tokens WHERE token_hash = SHA2('${token}', 256)`,
          );
          assert.equal(known.trim(), "1");
          assert.equal(await statusOf(token, installation), 200);
        },
      );
    }

    for (const release of byDatabase) {
      it(
        `of ${release} leads to its broker and its databases`,
        { timeout: TIMEOUT_MS },
        async () => {
          await using installation = await Installation.create();
          await installation.startXvpvncproxy(await argsFor(release, installation));
          const { host, port } = backend.endpoint;
          await cell.compute.answer("ports");
          const token = await cell.authorize(host, port, "xvpvnc");
          assert.equal(await statusOf(token, installation), 200);
          assert.match(await cell.queue.ctl("list_connections", "user"), /^openstack$/m);
          // It is the nova-compute behind the broker that said yes.
          await cell.compute.answer(false);
          assert.equal(await statusOf(token, installation), 401);
        },
      );
    }
  },
);

/** `USER:PASSWORD@HOST:PORT/PATH` of a URL. */
function authorityOf(url: string): string {
  return url.replace(/^[^/]*\/\//, "");
}
