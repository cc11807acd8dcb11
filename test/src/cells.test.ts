import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Token } from "@nova-console/token";
import { MultiCellTokenStore } from "@nova-console/token-store-sql";
import { Installation } from "./support/installation.ts";
import { CellList } from "./support/nova/cell-list.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
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
    store = MultiCellTokenStore.open({
      apiConnection: api.database.url,
      ownConnection: first.database.url,
      maxPoolSize: 5,
      now: () => Date.now() + laterMs,
    });
    owned.adopt(store, (each) => each.close());
  });
  after(() => owned.disposeAsync());

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

  it("asks a cell no more that was disabled a minute ago", { timeout: TIMEOUT_MS }, async () => {
    const token = new Token(await second.authorize(HOST, 5903));
    await api.setDisabled(secondUuid, true);
    await store.validate(token);
    laterMs += MINUTE_MS;
    await until("the cell to be left out", () =>
      store.validate(token).then(
        () => false,
        () => true,
      ),
    );
    await assert.rejects(store.validate(token), INVALID);
    await api.setDisabled(secondUuid, false);
    laterMs += MINUTE_MS;
    await until("the cell to be asked again", () =>
      store.validate(token).then(
        () => true,
        () => false,
      ),
    );
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
