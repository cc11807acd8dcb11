import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { TempDir, until, XVncServer } from "@nova-console/test/support";
import { version } from "../programs.ts";
import { MachineConsole } from "../testing/machine-console.ts";
import { buildStubRpms, type StubName } from "../testing/stub-rpms.ts";
import { SystemdMachine } from "../testing/systemd-machine.ts";
import { buildNodejsRpm } from "./build-nodejs-rpm.ts";
import { buildRpms } from "./build-rpms.ts";

const SERVICES = ["novncproxy", "xvpvncproxy", "consoleauth"].map(
  (program) => `openstack-nova-${program}.service`,
);
const PACKAGES = ["openstack-nova-novncproxy", "openstack-nova-console"] as const;
const DATE = 1_700_000_000;

/** The worst that `systemd-analyze security` may say of a service; 10 is everything allowed. */
const EXPOSURE_LIMIT = 2;

describe("RPMs under systemd", () => {
  let directory: TempDir;
  let ours: readonly string[] = [];
  let newer: readonly string[] = [];
  let stubs: Readonly<Record<StubName, string>>;
  before(async () => {
    directory = await TempDir.create();
    ours = await build("1");
    newer = await build("2");
    stubs = await buildStubRpms(directory.path);
  });
  after(async () => {
    await directory[Symbol.asyncDispose]();
  });

  async function build(release: string): Promise<string[]> {
    const files = await buildRpms({ output: directory.path, release, date: DATE });
    return files.filter((file) => file.endsWith(".noarch.rpm"));
  }

  /** Boots a machine with what every host has, and more. */
  async function host(...more: readonly string[]): Promise<SystemdMachine> {
    const machine = await SystemdMachine.boot();
    await rpm(machine, "--install", stubs.host, stubs.nodejs, ...more);
    return machine;
  }

  it("replace nova's own while it runs: it goes on enabled, with its options", async () => {
    await using machine = await host(stubs["openstack-nova-common"], stubs["python-novncproxy"]);
    const [unit] = SERVICES;
    assert.ok(unit !== undefined);
    const options = machine.path("/etc/sysconfig/openstack-nova-novncproxy");
    writeFileSync(options, "OPTIONS=--debug\n");
    await machine.output("systemctl", "enable", "--now", unit);
    // As an operator types it; nothing but these files is looked for.
    await machine.output(
      ...["dnf", "--assumeyes", "--disablerepo=*", "--nogpgcheck", "install"],
      ...(await bring(machine, ours)),
    );
    const installed = await machine.output("rpm", "-qa", "openstack-nova-*", "--qf", "%{nevra}\n");
    assert.deepEqual(installed.trim().split("\n").sort(), [
      "openstack-nova-common-1:32.0.0-1.noarch",
      `openstack-nova-console-2:${version()}-1.noarch`,
      `openstack-nova-novncproxy-2:${version()}-1.noarch`,
    ]);
    assert.equal((await machine.output("systemctl", "is-enabled", unit)).trim(), "enabled");
    assert.match(await commandLineOf(machine, unit), /node .*nova-novncproxy\.cjs .*--debug/);
    assert.equal(readFileSync(options, "utf8"), "OPTIONS=--debug\n");
  });

  it("cut no console when they are upgraded, and run the new version afterwards", async () => {
    await using machine = await host(stubs["openstack-nova-common"], ...ours);
    configure(machine);
    await machine.output("systemctl", "start", ...SERVICES);
    await using server = await XVncServer.tigervnc("tcp", undefined, machine.hostAddress);
    const consoles = [
      await MachineConsole.open(machine, server, "novnc"),
      await MachineConsole.open(machine, server, "xvpvnc"),
    ];
    const old = await processesOfNova(machine);

    await rpm(machine, "--upgrade", ...newer);

    for (const unit of SERVICES) {
      assert.equal((await machine.output("systemctl", "is-active", unit)).trim(), "active");
      assert.ok(!old.includes(await mainPidOf(machine, unit)), unit);
    }
    const late = await MachineConsole.open(machine, server, "novnc");
    await late.showsTheScreen();
    late.close();
    // The next version's files may all have other names than those that the old one's processes know.
    const code = "/usr/share/nova-console/nova-novncproxy/dist";
    await machine.output("mv", code, `${code}.gone`);
    for (const console of consoles) {
      await console.showsTheScreen();
      console.close();
    }
    await until("the old version's processes to end", async () => {
      const now = new Set(await processesOfNova(machine));
      return old.every((pid) => !now.has(pid));
    });
    const log = readFileSync(machine.path("/var/log/nova/nova-novncproxy.log"), "utf8");
    assert.equal(log.match(/ session closed .*reason=viewer-closed/g)?.length, 2, log);
    assert.doesNotMatch(log, / (WARNING|ERROR|CRITICAL) /);
  });

  it("leave the old version running when nova.conf has become wrong, and say why", async () => {
    await using machine = await host(...ours);
    configure(machine);
    await machine.output("systemctl", "start", ...SERVICES);
    const before = await Promise.all(SERVICES.map((unit) => mainPidOf(machine, unit)));
    const conf = machine.path("/etc/nova/nova.conf");
    writeFileSync(conf, readFileSync(conf, "utf8").replace("[vnc]", "[vnc]\nnovncproxy_port = x"));
    const upgrade = await machine.run("rpm", "--upgrade", ...(await bring(machine, newer)));
    assert.equal(upgrade.status, 0);
    assert.match(upgrade.stderr, /nova\.conf:\d+: \[vnc\] novncproxy_port/);
    assert.match(upgrade.stderr, /systemctl restart openstack-nova-novncproxy\.service/);
    const after = await Promise.all(SERVICES.map((unit) => mainPidOf(machine, unit)));
    assert.deepEqual(after, before);
    configure(machine);
    await machine.output("systemctl", "restart", ...SERVICES);
  });

  it("start no service that was stopped, disabled or masked, when they are upgraded", async () => {
    await using machine = await host(...ours);
    configure(machine);
    const [stopped, masked, running] = SERVICES as [string, string, string];
    await machine.output("systemctl", "disable", ...SERVICES);
    await machine.output("systemctl", "mask", masked);
    await machine.output("systemctl", "start", running);
    await rpm(machine, "--upgrade", ...newer);
    const facts = async (unit: string): Promise<string> => {
      const { ActiveState, UnitFileState } = await machine.properties(
        ...([unit, "ActiveState", "UnitFileState"] as const),
      );
      return `${ActiveState} ${UnitFileState}`;
    };
    assert.deepEqual(await Promise.all([stopped, masked, running].map(facts)), [
      "inactive disabled",
      "inactive masked",
      "active disabled",
    ]);
  });

  it("make the group nova where somebody made only the user", async () => {
    await using machine = await host();
    await machine.output("useradd", "--system", "--no-user-group", "--gid", "users", "nova");
    await rpm(machine, "--install", ...ours);
    configure(machine);
    await machine.output("systemctl", "start", ...SERVICES);
    const { stdout } = await machine.run("stat", "--format=%U:%G %a", "/etc/nova");
    assert.equal(stdout.trim(), "root:nova 750");
  });

  it("bring user and directories to a host without openstack-nova-common, and rotate logs", async () => {
    await using machine = await host(...ours);
    const facts = ["/etc/nova", "/var/lib/nova", "/var/log/nova", "/run/nova"];
    assert.deepEqual(
      (await machine.output("stat", "--format=%n %U:%G %a", ...facts)).trim().split("\n"),
      [
        "/etc/nova root:nova 750",
        "/var/lib/nova nova:nova 755",
        "/var/log/nova nova:root 750",
        "/run/nova nova:root 755",
      ],
    );
    assert.equal(
      (await machine.output("getent", "passwd", "nova")).trim(),
      "nova:x:162:162:OpenStack Nova Daemons:/var/lib/nova:/sbin/nologin",
    );
    configure(machine, "log_dir = /var/log/nova");
    await machine.output("systemctl", "start", ...SERVICES);
    const timers = await machine.output("systemctl", "list-timers", "--no-legend");
    assert.match(timers, /openstack-nova-novncproxy-logrotate\.timer/);

    const log = machine.path("/var/log/nova/nova-novncproxy.log");
    writeFileSync(log, "a line of a long log\n".repeat(600_000), { flag: "a" });
    await machine.output("systemctl", "start", "openstack-nova-novncproxy-logrotate.service");
    assert.ok(existsSync(`${log}.1`));
    await machine.output("systemctl", "reload", "openstack-nova-novncproxy.service");
    await until("the log to go on in a new file", () => existsSync(log));
  });

  it("run on nova-console-nodejs where there is no other Node.js", async () => {
    await using machine = await SystemdMachine.boot();
    const nodejs = buildNodejsRpm({ output: directory.path, release: "1", date: DATE });
    // The machine's C library is there, but no RPM.
    await machine.output("rpm", "--install", "--nodeps", ...(await bring(machine, [nodejs])));
    await rpm(machine, "--install", stubs.host, ...ours);
    assert.equal((await machine.run("sh", "-c", "command -v node")).status, 127);
    configure(machine);
    await machine.output("systemctl", "start", ...SERVICES);
    for (const unit of SERVICES) {
      const program = `/proc/${await mainPidOf(machine, unit)}/exe`;
      const node = "/usr/lib/nova-console/nodejs/bin/node";
      assert.equal((await machine.output("readlink", program)).trim(), node);
    }
    const before = await Promise.all(SERVICES.map((unit) => mainPidOf(machine, unit)));
    const newer = buildNodejsRpm({ output: directory.path, release: "2", date: DATE });
    await machine.output("rpm", "--upgrade", "--nodeps", ...(await bring(machine, [newer])));
    const now = await Promise.all(SERVICES.map((unit) => mainPidOf(machine, unit)));
    assert.ok(now.every((pid, index) => pid !== before[index]));
    await machine.output("nova-console-doctor", "--version");
  });

  it("leave rotation to openstack-nova-common where that is", async () => {
    await using machine = await host(stubs["openstack-nova-common"], ...ours);
    const unit = "openstack-nova-novncproxy-logrotate.service";
    await machine.output("systemctl", "start", unit);
    const condition = await machine.output(
      "systemctl",
      "show",
      "--value",
      "-p",
      "ConditionResult",
      unit,
    );
    assert.equal(condition.trim(), "no");
    const { status, stderr } = await machine.run("logrotate", "--debug", "/etc/logrotate.conf");
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /duplicate/);
  });

  it("allow their services little", async () => {
    await using machine = await host(...ours);
    for (const unit of SERVICES) {
      const report = await machine.output("systemd-analyze", "security", "--no-pager", unit);
      const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(report)?.at(1);
      assert.ok(Number(exposure) <= EXPOSURE_LIMIT, report);
    }
  });

  it("give the port to systemd where somebody wants that", async () => {
    await using machine = await host(...ours);
    configure(machine);
    await machine.output("systemctl", "start", "openstack-nova-novncproxy.socket");
    const page = await fetch(`http://${machine.address}:6080/vnc_lite.html`);
    assert.equal(page.status, 200);
    await page.arrayBuffer();
    // It may answer before systemd has heard that it is ready.
    const unit = "openstack-nova-novncproxy.service";
    await until(`${unit} to be active`, async () => {
      const { stdout } = await machine.run("systemctl", "is-active", unit);
      return stdout.trim() === "active";
    });
  });

  it("are done, and have not failed, where nova.conf turns consoles off", async () => {
    await using machine = await host(...ours);
    writeFileSync(machine.path("/etc/nova/nova.conf"), "[DEFAULT]\nvnc_enabled = false\n");
    const unit = "openstack-nova-novncproxy.service";
    await machine.output("systemctl", "start", unit);
    const ends = ["--value", "-p", "ActiveState", "-p", "Result", unit];
    await until(`${unit} to end`, async () => {
      const shown = await machine.output("systemctl", "show", ...ends);
      return shown.trim().split("\n").sort().join() === "inactive,success";
    });
  });

  it("try a wrong nova.conf again and again, and tell its line", async () => {
    await using machine = await host(...ours);
    writeFileSync(machine.path("/etc/nova/nova.conf"), "[vnc]\nnovncproxy_port = x\n");
    const unit = "openstack-nova-novncproxy.service";
    assert.notEqual((await machine.run("systemctl", "start", unit)).status, 0);
    // More often than the limit of starts that systemd has for other units allows.
    await until("the sixth restart", async () => {
      const { ActiveState, NRestarts } = await machine.properties(
        ...([unit, "ActiveState", "NRestarts"] as const),
      );
      assert.notEqual(ActiveState, "failed");
      return Number(NRestarts) >= 6;
    });
    assert.match(
      await machine.output("journalctl", "-u", unit),
      /nova\.conf:2: \[vnc\] novncproxy_port/,
    );
  });

  it("end their services and leave nothing when they are erased", async () => {
    await using machine = await host(stubs["openstack-nova-common"], ...ours);
    configure(machine);
    await machine.output("systemctl", "enable", "--now", ...SERVICES);
    await using server = await XVncServer.tigervnc("tcp", undefined, machine.hostAddress);
    const console = await MachineConsole.open(machine, server, "novnc");
    await console.showsTheScreen();
    await rpm(machine, "--erase", ...PACKAGES);
    const log = readFileSync(machine.path("/var/log/nova/nova-novncproxy.log"), "utf8");
    assert.match(log, / session closed .*reason=proxy-shutdown/);
    console.close();
    assert.deepEqual(await processesOfNova(machine), []);
    const left = ["/etc", "/usr", "/run"].flatMap((folder) =>
      readdirSync(machine.path(folder), { recursive: true, encoding: "utf8" }).map(
        (file) => `${folder}/${file}`,
      ),
    );
    const named = left.filter((file) => file.includes("nova") && !file.startsWith("/run/systemd/"));
    assert.deepEqual(named.sort(), [
      "/etc/logrotate.d/openstack-nova",
      "/etc/nova",
      "/etc/nova/nova.conf",
      "/run/nova",
      "/usr/share/nova",
      "/usr/share/nova/nova-dist.conf",
    ]);
  });
});

/** Copies packages into the machine. @returns where they are there */
async function bring(machine: SystemdMachine, files: readonly string[]): Promise<string[]> {
  await machine.output("mkdir", "-p", "/root/packages");
  return files.map((file) => {
    const there = `/root/packages/${path.basename(file)}`;
    copyFileSync(file, machine.path(there));
    return there;
  });
}

async function rpm(machine: SystemdMachine, action: string, ...what: string[]): Promise<void> {
  const erase = action === "--erase";
  await machine.output("rpm", action, ...(erase ? what : await bring(machine, what)));
}

/** Tells the programs where viewers on this machine find them. */
function configure(machine: SystemdMachine, more = ""): void {
  const text = `[DEFAULT]
${more}
[vnc]
novncproxy_base_url = http://${machine.address}:6080/vnc_lite.html
xvpvncproxy_base_url = http://${machine.address}:6081/console
`;
  writeFileSync(machine.path("/etc/nova/nova.conf"), text);
}

async function mainPidOf(machine: SystemdMachine, unit: string): Promise<string> {
  return (await machine.output("systemctl", "show", "--value", "-p", "MainPID", unit)).trim();
}

async function commandLineOf(machine: SystemdMachine, unit: string): Promise<string> {
  const pid = await mainPidOf(machine, unit);
  return readFileSync(machine.path(`/proc/${pid}/cmdline`), "utf8").replaceAll("\0", " ");
}

/** Process numbers in the machine. */
async function processesOfNova(machine: SystemdMachine): Promise<string[]> {
  const find = ["/proc", "-maxdepth", "1", "-user", "nova", "-name", "[0-9]*", "-printf", "%f\\n"];
  const { stdout } = await machine.run("find", ...find);
  return stdout.split("\n").filter((pid) => pid !== "");
}
