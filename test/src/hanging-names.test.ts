import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Admin } from "./support/admin.ts";
import { freePort } from "./support/free-port.ts";
import { Installation, tokenOf } from "./support/installation.ts";
import { NameServer } from "./support/name-server.ts";
import { CellList } from "./support/nova/cell-list.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import type { NovaConf } from "./support/nova-conf.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 240_000;
const OPENS = 100;
const AT_ONCE = 4;
const CONNECT_TIMEOUT_S = 3;
const LIMITS = { workers: 1, connect_timeout: CONNECT_TIMEOUT_S, handshake_timeout: 20 };

async function statusOf(installation: Installation, token: string): Promise<number> {
  const url = new URL(`http://127.0.0.1:${installation.xvpPort}/console?token=${token}`);
  const answer = await openXvp({ method: "CONNECT", url }, AbortSignal.timeout(TIMEOUT_MS));
  answer.channel.destroy();
  return answer.status;
}

describe("names that hang in DNS", { timeout: START_TIMEOUT_MS + 6 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let names: NameServer;
  let backend: ScriptedBackend;

  before(async () => {
    names = owned.use(await NameServer.start());
    backend = owned.use(await ScriptedBackend.start({ run: endedByProxy }));
  });
  after(() => owned.disposeAsync());

  describe("those of other cells", () => {
    let cell: NovaCell;
    let api: CellList;
    let installation: Installation;
    let admin: Admin;

    before(
      async () => {
        cell = owned.use(await NovaCell.start("MariaDB"));
        api = owned.use(await CellList.start(cell.database.url, cell.queue.url));
        names.addresses.set("db.good.example", ["127.0.0.1"]);
        names.addresses.set("mq.good.example", ["127.0.0.1"]);
        names.addresses.set("compute.example", ["127.0.0.1"]);
        for (const number of [1, 2, 3, 4, 5]) {
          await api.createCell(
            `dead-${number}`,
            `mysql+pymysql://nova:nova@db.dead-${number}.example/nova`,
            `rabbit://nova:nova@mq.dead-${number}.example:5672/`,
          );
        }
        await api.createCell(
          "good",
          cell.database.url.replace("127.0.0.1", "db.good.example"),
          cell.queue.url.replace("127.0.0.1", "mq.good.example"),
        );
        const adminPort = await freePort();
        admin = new Admin(adminPort);
        const conf = { console_proxy: { ...LIMITS, admin_listen: `127.0.0.1:${adminPort}` } };
        installation = owned.use(await Installation.create({ conf, wrap: names.wrap }));
        await installation.startXvpvncproxy(["--config-file", api.confPath]);
      },
      { timeout: START_TIMEOUT_MS },
    );

    it("keep no console of this one from opening", { timeout: TIMEOUT_MS }, async () => {
      const token = await cell.authorize("compute.example", backend.endpoint.port, "xvpvnc");
      const statuses: number[] = [];
      const openSome = async (): Promise<void> => {
        while (statuses.length < OPENS) statuses.push(await statusOf(installation, token));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, openSome));
      const refused = statuses.filter((status) => status !== 200);
      assert.deepEqual(refused, [], installation.log);
      for (const name of ["db.dead-1.example", "mq.dead-5.example"]) {
        assert.ok(names.asked.includes(name), `${name} was never looked up`);
      }
    });

    it("leave the proxy ready, which names the cells", { timeout: TIMEOUT_MS }, async () => {
      const named = /^ok\n(?:(?:cell|broker) dead-\d .*\n)+$/;
      const body = await until("the look-ups to be given up", async () => {
        const answer = await admin.ask("/readyz");
        assert.equal(answer.status, 200, answer.body);
        return /^cell dead-5 .*name look-up/m.test(answer.body) && answer.body;
      });
      assert.match(body, named);
      for (const number of [1, 2, 3, 4, 5]) {
        for (const kind of ["cell", "broker"]) assert.ok(body.includes(`${kind} dead-${number} (`));
      }
    });

    it("are named by the refusal of a token that no other cell knows", async () => {
      assert.equal(await statusOf(installation, "00000000-0000-0000-0000-000000000000"), 503);
      await until("the refusal to name the look-up", () =>
        /token-store-unavailable.*name look-up of db\.dead-\d\.example: no answer within 1\.6 s/.test(
          installation.log,
        ),
      );
    });
  });

  describe("those of backends", () => {
    let installation: Installation;

    before(async () => {
      const conf = { console_proxy: LIMITS };
      installation = owned.use(await Installation.create({ conf, wrap: names.wrap }));
      await installation.startXvpvncproxy();
    });

    async function open(host: string, port: number): Promise<number> {
      const url = await installation.authorize({ host, port }, { type: "xvpvnc" });
      return statusOf(installation, tokenOf(url));
    }

    it("are blamed, and not the backend", { timeout: TIMEOUT_MS }, async () => {
      assert.equal(await open("dead.example", 5900), 400);
      await until("the session's end to be logged", () =>
        /name-lookup-failed.*name look-up of dead\.example: no answer within 2\.4 s/.test(
          installation.log,
        ),
      );
    });

    it("are found where they were, and where they are once DNS answers", async () => {
      const { port } = backend.endpoint;
      names.addresses.set("moving.example", ["127.0.0.1"]);
      assert.equal(await open("moving.example", port), 200);
      names.isSilent = true;
      assert.equal(await open("moving.example", port), 200);
      names.isSilent = false;
      // Nothing listens there: the address of the last answer, and no older one, is tried.
      names.addresses.set("moving.example", ["127.0.0.2"]);
      await until("the new address to be tried", async () => {
        assert.ok([200, 400].includes(await open("moving.example", port)));
        return installation.log.includes(`connect ECONNREFUSED 127.0.0.2:${port}`);
      });
      assert.equal(await open("moving.example", port), 400);
      names.addresses.set("moving.example", []);
      assert.equal(await open("moving.example", port), 400);
      await until("the missing address to be logged", () =>
        /name look-up of moving\.example: getaddrinfo ENOTFOUND/.test(installation.log),
      );
    });

    it("leave a worker the threads for others", async () => {
      const pids = await childrenOf(process.pid, /nova-xvpvncproxy/);
      const threads = await Promise.all(pids.map((pid) => threadsOf(pid, "libuv-worker")));
      assert.ok(threads.includes(32), `${threads.join(", ")} threads`);
    });
  });

  const stores: Readonly<Record<string, NovaConf>> = {
    MariaDB: { database: { connection: "mysql+pymysql://nova:nova@dead.example/nova" } },
    PostgreSQL: { database: { connection: "postgresql://nova:nova@dead.example/nova" } },
    Redis: { console_proxy: { token_store: "redis", redis_url: "redis://dead.example" } },
    "Redis over TLS": {
      console_proxy: { token_store: "redis", redis_url: "rediss://dead.example" },
    },
    "a Sentinel": {
      console_proxy: { token_store: "redis", redis_url: "redis+sentinel://dead.example/mymaster" },
    },
    "a Redis Cluster": {
      console_proxy: { token_store: "redis", redis_url: "redis+cluster://dead.example" },
    },
    "a message broker": {
      DEFAULT: { transport_url: "rabbit://nova:nova@dead.example/" },
      console_proxy: { token_store: "consoleauth" },
    },
    Keystone: {
      console_proxy: { token_store: "nova_api" },
      keystone_authtoken: {
        auth_url: "http://dead.example:5000/v3",
        username: "nova",
        password: "nova",
        project_name: "service",
        user_domain_name: "Default",
        project_domain_name: "Default",
      },
    },
  };
  // Two at a time: a program that starts on a busy machine may time out before its name does.
  describe("those of stores", { concurrency: 2 }, () => {
    for (const [server, conf] of Object.entries(stores)) {
      it(`are named by the refusal: ${server}`, async () => {
        const { console_proxy: store = {} } = conf;
        await using installation = await Installation.create({
          conf: { ...conf, console_proxy: { ...LIMITS, ...store, check_port: "off" } },
          wrap: names.wrap,
        });
        await installation.startXvpvncproxy();
        assert.equal(await statusOf(installation, "00000000-0000-0000-0000-000000000000"), 503);
        await until("the refusal to name the look-up", () =>
          /session closed.*token-store-unavailable.*name look-up of dead\.example: no answer within/.test(
            installation.log,
          ),
        );
      });
    }
  });
});

async function childrenOf(parent: number, command: RegExp): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const read = (file: string): Promise<string> =>
      readFile(`/proc/${entry}/${file}`, "utf8").catch(() => "");
    const isChild = new RegExp(`^PPid:\\s${parent}$`, "m").test(await read("status"));
    if (!isChild || !command.test(await read("cmdline"))) continue;
    found.push(Number(entry), ...(await childrenOf(Number(entry), command)));
  }
  return found;
}

async function threadsOf(pid: number, name: string): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const names = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/comm`, "utf8").catch(() => "")),
  );
  return names.filter((each) => each.trim() === name).length;
}
