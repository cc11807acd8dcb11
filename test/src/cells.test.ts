import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Token } from "@nova-console/token";
import { MultiCellTokenStore } from "@nova-console/token-store-sql";
import { Installation } from "./support/installation.ts";
import { CellList } from "./support/nova/cell-list.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { TempDir } from "./support/temp-dir.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 120_000;
const MINUTE_MS = 60_000;
const HOST = "192.0.2.7";
const UNAVAILABLE = { code: "TOKEN_ERR_STORE_UNAVAILABLE" };
const INVALID = { code: "TOKEN_ERR_INVALID" };

describe("MultiCellTokenStore on nova's cells", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let first: NovaCell;
  let second: NovaCell;
  let api: CellList;
  let secondUuid: string;
  let laterMs = 0;
  let store: MultiCellTokenStore;

  before(async () => {
    first = owned.use(await NovaCell.start("MariaDB"));
    second = owned.use(await NovaCell.start("PostgreSQL"));
    api = owned.use(await CellList.start(first.database.url));
    const template = "{scheme}://{username}:{password}@{hostname}:{port}/{path}?{query}";
    await api.createCell("first", template);
    secondUuid = await api.createCell("second", second.database.url);
    store = openStore();
    owned.adopt(store, (each) => each.close());
  });
  after(() => owned.disposeAsync());

  function openStore(): MultiCellTokenStore {
    return MultiCellTokenStore.open({
      apiConnection: api.database.url,
      ownConnection: first.database.url,
      maxPoolSize: 5,
      checkLimitMs: 5_000,
      now: () => Date.now() + laterMs,
    });
  }

  it("knows the tokens of each, and no others", { timeout: TIMEOUT_MS }, async () => {
    const tokens = [await first.authorize(HOST, 5901), await second.authorize(HOST, 5902)];
    const [one = "", other = ""] = tokens;
    assert.equal((await store.validate(new Token(one))).port, 5901);
    assert.equal((await store.validate(new Token(other))).port, 5902);
    await assert.rejects(store.validate(new Token(randomUUID())), INVALID);
    const digests = tokens.map((token) => new Token(token).digest);
    assert.deepEqual([...(await store.liveDigests(2))].sort(), digests.sort());
  });

  it("opens consoles of each cell by one proxy", { timeout: TIMEOUT_MS }, async () => {
    await using installation = await Installation.create();
    // No nova-compute runs in these cells.
    const args = ["--config-file", api.confPath, "--console_proxy-check_port", "off"];
    await installation.startXvpvncproxy(args);
    await using backend = await ScriptedBackend.start({ run: endedByProxy });
    const { host, port } = backend.endpoint;
    for (const cell of [first, second]) {
      const token = await cell.authorize(host, port, "xvpvnc");
      const url = new URL(`http://127.0.0.1:${installation.xvpPort}/console?token=${token}`);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { status, channel } = await openXvp({ method: "CONNECT", url }, signal);
      assert.equal(status, 200);
      assert.equal((await RfbViewer.open(channel, signal)).desktopName, "scripted");
      channel.destroy();
    }
  });

  it("knows the tokens of a disabled cell", { timeout: TIMEOUT_MS }, async () => {
    const token = new Token(await second.authorize(HOST, 5903));
    await api.setDisabled(secondUuid, true);
    laterMs += MINUTE_MS;
    const fresh = openStore();
    for (const each of [store, fresh]) assert.equal((await each.validate(token)).port, 5903);
    await fresh.close();
    await api.setDisabled(secondUuid, false);
  });

  it("looks for new cells when none knows a token, at most every 5 s", async () => {
    const token = new Token(await second.authorize(HOST, 5907));
    const hide = (isHidden: boolean): Promise<string> =>
      api.database.sql(
        isHidden
          ? "CREATE TABLE hidden AS SELECT * FROM cell_mappings WHERE name = 'second'; DELETE FROM cell_mappings WHERE name = 'second'"
          : "INSERT INTO cell_mappings SELECT * FROM hidden; DROP TABLE hidden",
      );
    await hide(true);
    const fresh = openStore();
    await assert.rejects(fresh.validate(token), INVALID);
    await hide(false);
    const before = await readsOf(api);
    const flood = Array.from({ length: 300 }, () => fresh.validate(new Token(randomUUID())));
    for (const each of await Promise.allSettled(flood)) assert.equal(each.status, "rejected");
    await assert.rejects(fresh.validate(token), INVALID);
    assert.equal(await readsOf(api), before);
    laterMs += 5_000;
    assert.equal((await fresh.validate(token)).port, 5907);
    assert.equal((await readsOf(api)) - before, 1);
    await fresh.close();
  });

  it("opens a cell as soon as the file is there that its URL names", async () => {
    await using directory = await TempDir.create();
    const path = directory.file("ca.pem");
    await api.database.sql(
      `UPDATE cell_mappings SET database_connection = '${second.database.url}?sslmode=prefer&sslrootcert=${path}' WHERE uuid = '${secondUuid}'`,
    );
    const token = new Token(await second.authorize(HOST, 5908));
    const fresh = openStore();
    await assert.rejects(fresh.validate(token), { ...UNAVAILABLE, message: /ca\.pem.*ENOENT/ });
    assert.equal((await fresh.validate(new Token(await first.authorize(HOST, 5909)))).port, 5909);
    await writeFile(path, "");
    assert.equal((await fresh.validate(token)).port, 5908);
    await fresh.close();
    await api.database.sql(
      `UPDATE cell_mappings SET database_connection = '${second.database.url}' WHERE uuid = '${secondUuid}'`,
    );
  });

  it("says of each cell and of the list how they are", { timeout: TIMEOUT_MS }, async () => {
    const fresh = openStore();
    const states = async (): Promise<string[]> => {
      laterMs += 1_000;
      const all = await fresh.dependencies();
      return all.map(
        ({ kind, name, problem }) => `${kind} ${name} ${problem === null ? "up" : "down"}`,
      );
    };
    const [list = "", one = "", two = ""] = await states();
    assert.match(list, /^store mysql:\/\/127\.0\.0\.1:\d+\/nova_api up$/);
    assert.match(one, /^cell first \([0-9a-f-]{36}\) up$/);
    assert.equal(two, `cell second (${secondUuid}) up`);
    await second.database.stop();
    assert.deepEqual(await states(), [list, one, two.replace("up", "down")]);
    await second.database.restart();
    await api.database.stop();
    assert.deepEqual(await states(), [list.replace("up", "down"), one, two]);
    await api.database.restart();
    await fresh.close();
  });

  it("lets no cell hide another's tokens while it is down", { timeout: TIMEOUT_MS }, async () => {
    const token = new Token(await first.authorize(HOST, 5904));
    const away = new Token(await second.authorize(HOST, 5905));
    await second.database.stop();
    assert.equal((await store.validate(token)).port, 5904);
    await assert.rejects(store.validate(away), UNAVAILABLE);
    await assert.rejects(store.validate(new Token(randomUUID())), UNAVAILABLE);
    await second.database.restart();
    assert.equal((await store.validate(away)).port, 5905);
  });

  it("goes on with the cells that it knows without the API database", async () => {
    const token = new Token(await first.authorize(HOST, 5906));
    await api.database.stop();
    laterMs += MINUTE_MS;
    assert.equal((await store.validate(token)).port, 5906);
    await api.database.restart();
    assert.equal((await store.validate(token)).port, 5906);
  });
});

/** How often a statement was executed in the API database, this one included. */
async function readsOf(api: CellList): Promise<number> {
  const printed = await api.database.sql("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
  return Number(printed.split("\t").at(1));
}
