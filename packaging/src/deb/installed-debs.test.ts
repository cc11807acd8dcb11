import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { TempDir, until, XVncServer } from "@nova-console/test/support";
import { sourceDate } from "../source-date.ts";
import { MachineConsole, writeNovaConf } from "../testing/machine-console.ts";
import { nextVersion } from "../testing/next-version.ts";
import { buildStubDeb } from "../testing/stub-debs.ts";
import { refusedFor } from "../testing/refused-for.ts";
import { SystemdMachine } from "../testing/systemd-machine.ts";
import { buildDebs } from "./build-debs.ts";

const PROXIES = ["nova-novncproxy", "nova-xvpvncproxy"] as const;
const SERVICES = [...PROXIES, "nova-consoleauth"] as const;

const COMMANDS = ["nova-console-doctor", "nova-console-nodejs"] as const;

/** Of systemd-analyze security: what the issue asks for, and OK in its own words. */
const MOST_EXPOSED = 2.0;

/** What Linux keeps of a process's name. */
const COMM_BYTES = 15;

const RELOADED = /configuration reloaded/;

describe("the .debs on a Debian", () => {
  let folder: TempDir;
  let debs: readonly string[] = [];
  before(async () => {
    folder = await TempDir.create();
    debs = await buildDebs({ output: folder.path, date: sourceDate() });
  });
  after(() => folder[Symbol.asyncDispose]());

  it("install, serve, restart, are upgraded and go, and cut no console meanwhile", async (t) => {
    await using machine = await SystemdMachine.boot();
    await using server = await XVncServer.tigervnc("tcp", undefined, machine.hostAddress);
    writeNovaConf(machine);
    const page = `http://${machine.address}:6080/vnc_auto.html`;

    await t.test("apt-get install starts all services", async () => {
      await install(machine, debs);
      for (const name of SERVICES) {
        assert.deepEqual(await machine.properties(name, "Type", "ActiveState", "UnitFileState"), {
          Type: "notify",
          ActiveState: "active",
          UnitFileState: "enabled",
        });
      }
      t.diagnostic(`start: ${await startTimes(machine)}`);
    });

    await t.test("what a service can do to its host is little", async () => {
      for (const name of SERVICES) {
        const unit = `${name}.service`;
        const report = await machine.run("systemd-analyze", "security", "--no-pager", unit);
        const exposure = Number(/exposure level for .*: ([\d.]+)/.exec(report.stdout)?.at(1));
        assert.ok(exposure <= MOST_EXPOSED, `${unit}: ${exposure}`);
      }
    });

    await t.test("the doctor finds no fault", async () => {
      const { status, stdout } = await machine.run("nova-console-doctor", "check");
      assert.equal(status, 0, stdout);
    });

    using novnc = await MachineConsole.open(machine, server, "novnc");
    using xvp = await MachineConsole.open(machine, server, "xvpvnc");
    const goOn = async (): Promise<void> => {
      await novnc.showsTheScreen();
      await xvp.showsTheScreen();
    };
    await goOn();

    await t.test("reload takes a new nova.conf over", async () => {
      appendFileSync(machine.path("/etc/nova/nova.conf"), "ping_interval = 20\n");
      for (const name of SERVICES) {
        await machine.output("systemctl", "reload", name);
        await until("the new nova.conf to be read", () => RELOADED.test(logOf(machine, name)));
      }
      await goOn();
    });

    await t.test("processes have their program's name", async () => {
      for (const name of SERVICES) {
        const { MainPID } = await machine.properties(name, "MainPID");
        const comm = await machine.output("cat", `/proc/${MainPID}/comm`);
        assert.equal(comm.trim(), name.slice(0, COMM_BYTES));
      }
    });

    await t.test("reload fails where nova.conf is wrong, and says why", async () => {
      const conf = machine.path("/etc/nova/nova.conf");
      const good = readFileSync(conf, "utf8");
      writeFileSync(conf, `${good}\n[DEFAULT]\ncert = /etc/hosts\n`);
      const { status } = await machine.run("systemctl", "reload", "nova-novncproxy");
      writeFileSync(conf, good);
      assert.equal(status, 1);
      const journal = await machine.output("journalctl", "--boot", "--unit=nova-novncproxy");
      assert.match(journal, /cert: \/etc\/hosts holds no certificate/);
      await goOn();
    });

    await t.test("a restart cuts nobody, and new consoles open", async () => {
      const restart = machine.output("systemctl", "restart", ...PROXIES);
      t.diagnostic(`restart: ${await refusedFor(page, restart)} ms without a listener`);
      await goOn();
      await opensNew(machine, server);
    });

    await t.test("with its socket unit a restart refuses nobody", async () => {
      await machine.output("systemctl", "stop", "nova-novncproxy.service");
      await machine.output("systemctl", "enable", "--now", "nova-novncproxy.socket");
      await machine.output("systemctl", "start", "nova-novncproxy.service");
      const restart = machine.output("systemctl", "restart", "nova-novncproxy");
      assert.equal(await refusedFor(page, restart), 0);
      await goOn();
      await opensNew(machine, server);
    });

    await t.test("the watchdog replaces a program that hangs, and cuts nobody", async () => {
      const conf = "/run/systemd/system/nova-xvpvncproxy.service.d";
      mkdirSync(machine.path(conf), { recursive: true });
      writeFileSync(machine.path(`${conf}/watchdog.conf`), "[Service]\nWatchdogSec=3\n");
      await machine.output("systemctl", "daemon-reload");
      await machine.output("systemctl", "restart", "nova-xvpvncproxy");
      const { MainPID } = await machine.properties("nova-xvpvncproxy", "MainPID");
      await machine.output("sh", "-c", `kill -STOP ${MainPID}`);
      await until("systemd to start it again", async () => {
        const now = await machine.properties("nova-xvpvncproxy", "MainPID", "ActiveState");
        return now.MainPID !== MainPID && now.ActiveState === "active";
      });
      const { NRestarts } = await machine.properties("nova-xvpvncproxy", "NRestarts");
      assert.equal(NRestarts, "1");
      rmSync(machine.path(conf), { recursive: true });
      await machine.output("systemctl", "daemon-reload");
      await goOn();
    });

    await t.test("logs are rotated where no other nova package does it", async () => {
      for (const name of SERVICES) {
        const rule = `/usr/share/nova-console/${name}/logrotate.conf`;
        const state = `/var/lib/nova/${name}-logrotate.status`;
        const nova = ["runuser", "-u", "nova", "--"] as const;
        await machine.output(...nova, "logrotate", "--force", "--state", state, rule);
        await machine.output("systemctl", "start", `${name}-logrotate.service`);
        const log = `/var/log/nova/${name}.log`;
        assert.match(readFileSync(machine.path(`${log}.1`), "utf8"), /INFO/);
        await machine.output("systemctl", "reload", name);
        await until("the new file to be written", () => RELOADED.test(logOf(machine, name)));
      }
    });

    await t.test("an upgrade cuts nobody, and the new version serves new consoles", async () => {
      const next = await Promise.all(
        debs
          .filter((deb) => !deb.includes("nodejs"))
          .map((deb) => nextVersion(deb, folder.file("next"))),
      );
      const before = await mainPids(machine);
      // The socket unit of the step before is still in use.
      assert.equal(await refusedFor(page, install(machine, next)), 0);
      for (const name of SERVICES) {
        const query = await machine.output("dpkg-query", "--show", "-f=${Version}", name);
        assert.match(query, /^4:.*-2$/);
      }
      const now = await mainPids(machine);
      assert.ok(now.every((pid, index) => pid !== before[index]));
      const { ActiveState } = await machine.properties("nova-novncproxy.socket", "ActiveState");
      assert.equal(ActiveState, "active");
      await goOn();
      await opensNew(machine, server);
    });

    await t.test("a newer Node.js restarts the services, and cuts nobody", async () => {
      const nodejs = debs.filter((deb) => deb.includes("nodejs"));
      const next = await Promise.all(nodejs.map((deb) => nextVersion(deb, folder.file("next"))));
      const before = await mainPids(machine);
      await install(machine, next);
      const now = await mainPids(machine);
      assert.ok(now.every((pid, index) => pid !== before[index]));
      await goOn();
    });

    await t.test("end-left ends what restarts left, and no service", async () => {
      const before = await mainPids(machine);
      using console = await MachineConsole.open(machine, server, "novnc");
      const ended = await machine.output("nova-novncproxy", "end-left");
      assert.match(ended, /worker \d+: ending 1 consoles\nworker \d+ has ended/);
      await console.showsTheScreen();
      assert.deepEqual(await mainPids(machine), before);
    });

    await t.test("an upgrade leaves the old version running where nova.conf is wrong", async () => {
      const conf = machine.path("/etc/nova/nova.conf");
      const good = readFileSync(conf, "utf8");
      writeFileSync(conf, `${good}\n[vnc]\nxvpvncproxy_port = x\n`);
      const before = await mainPids(machine);
      const deb = debs.find((file) => file.includes("nova-xvpvncproxy")) ?? "";
      const there = "/root/nova-xvpvncproxy.deb";
      copyFileSync(deb, machine.path(there));
      const { status, stderr } = await machine.run("dpkg", "--install", there);
      assert.equal(status, 0, stderr);
      assert.match(stderr, /nova\.conf:\d+: \[vnc\] xvpvncproxy_port/);
      assert.match(stderr, /systemctl restart nova-xvpvncproxy/);
      assert.deepEqual(await mainPids(machine), before);
      writeFileSync(conf, good);
    });

    await t.test("apt-get remove ends them all; purge leaves the operator's files", async () => {
      await machine.output("apt-get", "remove", "--yes", ...SERVICES);
      await until("its processes to end", async () => {
        const programs = await machine.output("sh", "-c", "cat /proc/[0-9]*/cmdline || true");
        return !/nova-/.test(programs);
      });
      assert.equal((await machine.output("systemctl", "--failed", "--quiet")).trim(), "");
      // None was ended by a signal, after which systemd would start it again.
      const journal = await machine.output("journalctl", "--boot", "--unit=nova-consoleauth");
      assert.doesNotMatch(journal, /Scheduled restart job/);
      const kept = [
        ...SERVICES.map((name) => `/etc/default/${name}`),
        "/var/lib/nova/consoles.sqlite",
      ];
      await machine.output("ls", ...kept);
      await machine.output("apt-get", "purge", "--yes", ...SERVICES, ...COMMANDS);
      assert.deepEqual(await filesOfNova(machine), ["/etc/nova", "/etc/nova/nova.conf"]);
    });
  });

  it("install beside nova-common, and leave it its own", async () => {
    await using machine = await SystemdMachine.boot();
    await install(machine, [await buildStubDeb("nova-common", folder.path)]);
    const before = await filesOfNova(machine);
    await install(machine, debs);
    for (const name of SERVICES) {
      const { ActiveState } = await machine.properties(name, "ActiveState");
      assert.equal(ActiveState, "active", name);
      await machine.output("systemctl", "start", `${name}-logrotate.service`);
      const unit = `${name}-logrotate.service`;
      const { ConditionResult } = await machine.properties(unit, "ConditionResult");
      assert.equal(ConditionResult, "no", "its own rule stands back");
    }
    const { stderr, status } = await machine.run("logrotate", "--force", "/etc/logrotate.conf");
    assert.doesNotMatch(stderr, /error/);
    assert.equal(status, 0);
    await machine.output("apt-get", "purge", "--yes", ...SERVICES, ...COMMANDS);
    const left = (await filesOfNova(machine)).filter((file) => !file.startsWith("/var/log/"));
    assert.deepEqual(
      left,
      before
        .filter((file) => !file.startsWith("/var/log/nova/"))
        .filter((file) => !file.startsWith("/var/log/")),
    );
    await machine.output("test", "-d", "/var/log/nova");
  });

  for (const stub of ["nova-consoleproxy", "nova-novncproxy"] as const) {
    const where = stub === "nova-novncproxy" ? "Ubuntu's" : "Debian's";
    it(`take the place of ${where} ${stub}, and of its running service, and give it back`, async () => {
      await using machine = await SystemdMachine.boot();
      const python = await buildStubDeb(stub, folder.path);
      await install(machine, [python]);
      await machine.output("systemctl", "is-active", "nova-novncproxy");
      await install(
        machine,
        debs.filter((deb) => /novncproxy|nodejs/.test(path.basename(deb))),
      );
      const state = ["Type", "ActiveState"] as const;
      const ours = await machine.properties("nova-novncproxy", ...state);
      assert.deepEqual(ours, { Type: "notify", ActiveState: "active" });
      const { status } = await fetch(`http://${machine.address}:6080/vnc_auto.html`);
      assert.equal(status, 200);
      if (stub === "nova-novncproxy") {
        await machine.output("apt-get", "remove", "--yes", "nova-novncproxy");
      }
      // Debian's takes the place of ours in one transaction.
      await install(machine, [python]);
      const theirs = await machine.properties("nova-novncproxy", ...state);
      assert.deepEqual(theirs, { Type: "simple", ActiveState: "active" });
    });
  }
});

async function install(machine: SystemdMachine, debs: readonly string[]): Promise<void> {
  mkdirSync(machine.path("/root/debs"), { recursive: true });
  const copies = debs.map((deb) => `/root/debs/${path.basename(deb)}`);
  debs.forEach((deb, index) => {
    copyFileSync(deb, machine.path(copies[index] ?? ""));
  });
  const options = ["--yes", "--no-install-recommends"];
  await machine.output("apt-get", "install", ...options, ...copies);
}

async function opensNew(machine: SystemdMachine, server: XVncServer): Promise<void> {
  for (const front of ["novnc", "xvpvnc"] as const) {
    using console = await MachineConsole.open(machine, server, front);
    await console.showsTheScreen();
  }
}

async function mainPids(machine: SystemdMachine): Promise<readonly string[]> {
  const each = SERVICES.map(async (name) => machine.properties(name, "MainPID"));
  return (await Promise.all(each)).map(({ MainPID }) => MainPID);
}

/** From the program's start to its READY=1. */
async function startTimes(machine: SystemdMachine): Promise<string> {
  const times = SERVICES.map(async (name) => {
    const at = ["ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic"] as const;
    const shown = await machine.properties(name, ...at);
    const [began, ready] = at.map((property) => Number(shown[property]));
    return `${name} ${Math.round(((ready ?? 0) - (began ?? 0)) / 1000)} ms`;
  });
  return (await Promise.all(times)).join(", ");
}

/** Empty while a new file was not begun yet. */
function logOf(machine: SystemdMachine, name: string): string {
  const file = machine.path(`/var/log/nova/${name}.log`);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Every file and folder that is named after nova, or is in one that is. */
async function filesOfNova(machine: SystemdMachine): Promise<readonly string[]> {
  const prune =
    "-path /proc -prune -o -path /sys -prune -o -path /root -prune -o -path /var/log/journal -prune";
  const found = await machine.output("sh", "-c", `find / ${prune} -o -path '*nova*' -print`);
  return found.trim().split("\n").filter(Boolean).sort();
}
