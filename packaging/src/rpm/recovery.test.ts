import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { TempDir, until } from "@nova-console/test/support";
import { ManyConsoles } from "../testing/many-consoles.ts";
import { buildStubRpms } from "../testing/stub-rpms.ts";
import { SystemdMachine } from "../testing/systemd-machine.ts";
import { buildRpms } from "./build-rpms.ts";

const NAME = "openstack-nova-novncproxy";
const SERVICE = `${NAME}.service`;
const SOCKET = `${NAME}.socket`;
const CONF = "/etc/nova/nova.conf";
const CONSOLES = 100;
/** Longest from the end of a cause to the next console, without a hand. */
const RECOVERY_LIMIT_MS = 10_000;
/** An address that a machine has only once it is given it. RFC 5737 */
const LATE_ADDRESS = "192.0.2.77";

describe("a service whose start cannot work yet", () => {
  it("serves again by itself, and cuts none of 100 consoles", async (t) => {
    await using machine = await installed();
    configure(machine);
    await machine.output("systemctl", "start", SERVICE);
    await using consoles = await ManyConsoles.create(machine);
    await consoles.open(CONSOLES);

    /** Waits until a console opens. @param sinceMs - end of the cause */
    const serves = async (sinceMs: number): Promise<void> => {
      await until("a new console", () => consoles.canOpen(), 60_000);
      const took = Date.now() - sinceMs;
      t.diagnostic(`served again ${took} ms after the cause's end`);
      assert.ok(took < RECOVERY_LIMIT_MS, `took ${took} ms`);
      assert.equal(await consoles.alive(), CONSOLES);
    };
    const restart = () => machine.run("systemctl", "restart", SERVICE);

    await t.test("five restarts in 10 s", async () => {
      for (let times = 0; times < 6; times++) await machine.output("systemctl", "restart", SERVICE);
      await serves(Date.now());
    });

    await t.test("a stopped worker without its primary process", async () => {
      const main = await mainPidOf(machine);
      const children = await machine.output("cat", `/proc/${main}/task/${main}/children`);
      const [worker = ""] = children.split(" ");
      await signal(machine, "STOP", worker);
      await signal(machine, "KILL", main);
      await serves(Date.now());
    });

    await t.test("a stall of all its processes for 65 s", async () => {
      const stopped = await processesOfNova(machine);
      await signal(machine, "STOP", ...stopped);
      await pass(65_000);
      await signal(machine, "CONT", ...stopped);
      await serves(Date.now());
      assert.notEqual(await mainPidOf(machine), "0");
    });

    await t.test("a port that is taken for 20 s", async () => {
      await machine.output("systemctl", "stop", SERVICE);
      await machine.output(
        ...["systemd-run", "--unit=other", "python3", "-m", "http.server", "6080"],
      );
      await until("the other program", async () => {
        const { stdout } = await machine.run("ss", "-Hltn", "sport = :6080");
        return stdout !== "";
      });
      assert.notEqual((await machine.run("systemctl", "start", SERVICE)).status, 0);
      await pass(20_000);
      await machine.output("systemctl", "stop", "other");
      await serves(Date.now());
    });

    await t.test("an address that comes 12 s late", async () => {
      configure(machine, `novncproxy_host = ${LATE_ADDRESS}`);
      assert.notEqual((await restart()).status, 0);
      await pass(12_000);
      await machine.output("ip", "address", "add", `${LATE_ADDRESS}/32`, "dev", "lo");
      const since = Date.now();
      await until("the service to be active", () => isActive(machine));
      assert.ok(Date.now() - since < RECOVERY_LIMIT_MS);
      configure(machine);
      await restart();
      await serves(Date.now());
    });

    await t.test("a nova.conf with a mistake, and its mend", async () => {
      configure(machine, "novncproxy_port = x");
      await restart();
      await pass(20_000);
      assert.equal(await isActive(machine), false);
      configure(machine);
      await serves(Date.now());
      const journal = await machine.output("journalctl", "-u", SERVICE);
      assert.match(journal, /nova\.conf:\d+: \[vnc\] novncproxy_port/);
      assert.doesNotMatch(journal, /repeated too quickly/);
    });

    await t.test("three restarts with daemon = true", async () => {
      configure(machine, "[DEFAULT]\ndaemon = true");
      for (let times = 0; times < 3; times++) {
        await machine.output("systemctl", "restart", SERVICE);
        await serves(Date.now());
        const { MainPID, NRestarts } = await machine.properties(SERVICE, "MainPID", "NRestarts");
        const parent = await machine.output("sh", "-c", `grep PPid: /proc/${MainPID}/status`);
        assert.match(parent, /^PPid:\t1$/m);
        assert.equal(NRestarts, "0");
      }
      const journal = await machine.output("journalctl", "-u", SERVICE);
      assert.match(journal, / WARNING .*\[DEFAULT\] daemon is true, which is ignored/);
      configure(machine);
      await restart();
    });

    await t.test("the same with the socket unit, which refuses nobody meanwhile", async () => {
      await machine.output("systemctl", "stop", SERVICE);
      await machine.output("systemctl", "enable", "--now", SOCKET, SERVICE);
      await serves(Date.now());
      configure(machine, "novncproxy_port = x");
      await restart();
      const waiting = fetch(`http://${machine.address}:6080/vnc_lite.html`);
      await pass(20_000);
      configure(machine);
      await serves(Date.now());
      assert.equal((await waiting).status, 200);
      assert.equal((await machine.output("systemctl", "is-active", SOCKET)).trim(), "active");
    });

    await t.test("a late address of the socket unit", async () => {
      await machine.output("systemctl", "stop", SERVICE, SOCKET);
      await machine.output("ip", "address", "del", `${LATE_ADDRESS}/32`, "dev", "lo");
      const folder = `/etc/systemd/system/${SOCKET}.d`;
      await machine.output("mkdir", "-p", folder);
      writeFileSync(
        machine.path(`${folder}/address.conf`),
        `[Socket]\nListenStream=\nListenStream=${LATE_ADDRESS}:6080\n`,
      );
      await machine.output("systemctl", "daemon-reload");
      await machine.output("systemctl", "start", SOCKET, SERVICE);
      await machine.output("ip", "address", "add", `${LATE_ADDRESS}/32`, "dev", "lo");
      const page = ["http.client", `HTTPConnection("${LATE_ADDRESS}", 6080, timeout=10)`];
      const code = `import http.client; c = ${page.join(".")}; c.request("GET", "/"); print(c.getresponse().status)`;
      assert.match(await machine.output("python3", "-c", code), /^(200|30\d|404)$/m);
      assert.equal(await consoles.alive(), CONSOLES);
    });
  });
});

/** Boots a machine with the packages. */
async function installed(): Promise<SystemdMachine> {
  await using directory = await TempDir.create();
  const stubs = await buildStubRpms(directory.path);
  const built = await buildRpms({ output: directory.path, release: "1", date: 1_700_000_000 });
  const files = [
    ...[stubs.host, stubs.nodejs],
    ...built.filter((file) => file.endsWith(".noarch.rpm")),
  ];
  const machine = await SystemdMachine.boot();
  await machine.output("mkdir", "-p", "/root/packages");
  const there = files.map((file) => `/root/packages/${path.basename(file)}`);
  for (const [index, file] of files.entries()) copyFileSync(file, machine.path(there[index] ?? ""));
  await machine.output("rpm", "--install", ...there);
  return machine;
}

function configure(machine: SystemdMachine, more = ""): void {
  writeFileSync(
    machine.path(CONF),
    `[vnc]
novncproxy_base_url = http://${machine.address}:6080/vnc_lite.html
${more}
[consoleauth]
token_ttl = 7200
[console_proxy]
workers = 2
max_sessions = 2000
max_sessions_per_token = 1000
`,
  );
}

/** Sends a signal to those of some processes that there still are. */
async function signal(
  machine: SystemdMachine,
  name: "STOP" | "CONT" | "KILL",
  ...pids: readonly string[]
): Promise<void> {
  const script = 'for pid do kill -$0 "$pid" || true; done';
  await machine.output("sh", "-c", script, name, ...pids);
}

async function mainPidOf(machine: SystemdMachine): Promise<string> {
  return (await machine.properties(SERVICE, "MainPID")).MainPID;
}

async function isActive(machine: SystemdMachine): Promise<boolean> {
  return (await machine.run("systemctl", "is-active", SERVICE)).stdout.trim() === "active";
}

/** Process numbers in the machine. */
async function processesOfNova(machine: SystemdMachine): Promise<string[]> {
  const find = ["/proc", "-maxdepth", "1", "-user", "nova", "-name", "[0-9]*", "-printf", "%f\\n"];
  const { stdout } = await machine.run("find", ...find);
  return stdout.split("\n").filter((pid) => pid !== "");
}
