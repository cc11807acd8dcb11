import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DoctorHost, type Planted } from "./support/doctor-host.ts";
import { idsOf } from "./support/doctor.ts";
import type { NovaConf } from "./support/nova-conf.ts";
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

  const refused: [
    what: string,
    change: (at: { broker: string; database: string }) => NovaConf,
    id: string,
    cause: RegExp,
  ][] = [
    [
      "a wrong password of the broker",
      ({ broker }) => ({ DEFAULT: { transport_url: broker.replace(/:[^:@/]*@/, ":wrong@") } }),
      "broker-unavailable",
      /ACCESS.REFUSED/i,
    ],
    [
      "a virtual host that the broker lacks",
      ({ broker }) => ({ DEFAULT: { transport_url: broker.replace(/\/[^/]*$/, "/nosuch") } }),
      "broker-unavailable",
      /nosuch/,
    ],
    [
      "a wrong password of the database",
      ({ database }) => ({ database: { connection: database.replace(/:[^:@/]*@/, ":wrong@") } }),
      "token-store-unavailable",
      /denied/i,
    ],
    [
      "a database that the server lacks",
      ({ database }) => ({ database: { connection: database.replace(/\/[^/]*$/, "/nosuch") } }),
      "token-store-unavailable",
      /nosuch|denied/i,
    ],
  ];
  for (const [what, change, id, cause] of refused) {
    it(`finds ${what}: ${id}, and says the cause`, async () => {
      const changed = change({ broker: cell.queue.url, database: cell.database.url });
      const report = await host.diagnose({ conf: { ...cloud.conf, ...changed } });
      assert.deepEqual(idsOf(report), [id], JSON.stringify(report.findings));
      assert.match(report.findings[0]?.what ?? "", cause);
    });
  }

  it("finds that MariaDB has gone: token-store-unavailable", async () => {
    await cell.database.stop();
    const report = await host.diagnose(cloud);
    assert.deepEqual(idsOf(report), ["token-store-unavailable"]);
  });
});
