import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DoctorHost, type Planted } from "./support/doctor-host.ts";
import { idsOf } from "./support/doctor.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";

describe("nova-console-doctor check in a cloud", () => {
  const owned = new AsyncDisposableStack();
  let host: DoctorHost;
  let cell: NovaCell;
  let cloud: Planted;
  before(async () => {
    host = owned.use(await DoctorHost.create());
    cell = owned.use(await NovaCell.start("MariaDB"));
    const connection = cell.database.url;
    cloud = { conf: { DEFAULT: { transport_url: cell.queue.url }, database: { connection } } };
  });
  after(() => owned.disposeAsync());

  it("finds nothing where MariaDB has nova's own tokens, and tries the computes that they lead to", async () => {
    const { host: address, port } = host.compute.endpoint;
    const token = await cell.authorize(address, port);
    const report = await host.diagnose(cloud);
    assert.deepEqual(report.findings, []);
    const said = report.fine.map(({ check, text }) => `${check}: ${text}`).join("\n");
    assert.match(said, /token store: the database \S+:\*\*\*@\S+ answers/);
    assert.match(said, new RegExp(`computes: ${address}:${port} answers: RFB 003\\.008`));
    assert.ok(!JSON.stringify(report).includes(token));
  });

  it("finds the base URLs and addresses of loopback that a cloud must not have", async () => {
    const report = await host.diagnose({
      conf: {
        ...cloud.conf,
        vnc: {
          novncproxy_base_url: "http://127.0.0.1:6080/vnc_auto.html",
          server_listen: "127.0.0.1",
        },
      },
    });
    assert.deepEqual(idsOf(report), ["base-url-loopback", "vnc-loopback"]);
  });

  it("finds that MariaDB has gone: token-store-unavailable", async () => {
    await cell.database.stop();
    const report = await host.diagnose(cloud);
    assert.deepEqual(idsOf(report), ["token-store-unavailable"]);
  });
});
