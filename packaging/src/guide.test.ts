import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { run, TempDir, XVncServer } from "@nova-console/test/support";
import { buildRpms } from "./rpm/build-rpms.ts";
import { sourceDate } from "./source-date.ts";
import { addElTools } from "./testing/el-tools.ts";
import { MachineConsole, writeNovaConf, type Front } from "./testing/machine-console.ts";
import { buildStubRpms } from "./testing/stub-rpms.ts";
import { SystemdMachine } from "./testing/systemd-machine.ts";

const CONSOLEAUTH = "openstack-nova-consoleauth";
const NOVNCPROXY = "openstack-nova-novncproxy";
const XVPVNCPROXY = "openstack-nova-xvpvncproxy";

const FIREWALL = "/etc/sysconfig/iptables";
const LOOPBACK = "-A INPUT -i lo -j ACCEPT\n";
const ALLOW = (port: number): string =>
  `-A INPUT -m state --state NEW -m tcp -p tcp --dport ${port} -j ACCEPT`;

/** Longest that an answer of a firewall may take. */
const CONNECT_LIMIT_MS = 10_000;

// The steps of the guide for the proxies (Red Hat OpenStack Platform, chapter 8), typed as they stand there.
describe("the guide's chapter 8", () => {
  let repository: TempDir;
  before(async () => {
    repository = await TempDir.create();
    await buildRpms({ output: repository.path, release: "1", date: sourceDate() });
    await buildStubRpms(repository.path);
    const { status, stderr } = await run("createrepo_c", ["--quiet", repository.path]);
    assert.equal(status, 0, stderr);
  });
  after(() => repository[Symbol.asyncDispose]());

  it("leads to consoles on both ports, which are there again after a reboot", async (t) => {
    await using machine = await SystemdMachine.boot();
    await using server = await XVncServer.tigervnc("tcp", undefined, machine.hostAddress);
    addElTools(machine);
    await machine.output("systemctl", "enable", "--now", "iptables");
    await offer(machine, repository.path);

    await t.test("8.1.1: yum installs both packages, and what they need", async () => {
      await machine.output("yum", "install", "-y", "openstack-nova-novncproxy");
      await machine.output("yum", "install", "-y", "openstack-nova-console");
      for (const name of [CONSOLEAUTH, NOVNCPROXY, XVPVNCPROXY]) {
        const { stdout } = await machine.run("systemctl", "is-active", name);
        assert.equal(stdout.trim(), "inactive", `${name} waits for its start`);
      }
    });

    await t.test(
      "8.1.2: before it the firewall keeps both ports, and the doctor says so",
      async () => {
        const doctor = await machine.run("nova-console-doctor", "firewall");
        assert.equal(doctor.status, 1, doctor.stdout + doctor.stderr);
        for (const port of [6080, 6081]) assert.ok(doctor.stdout.includes(ALLOW(port)));
      },
    );

    await t.test(
      "8.1.3: nova.conf with the options' names of then; service and chkconfig",
      async () => {
        writeNovaConf(machine);
        for (const name of [NOVNCPROXY, XVPVNCPROXY]) {
          await machine.output("systemctl", "enable", "--now", `${name}.socket`);
        }
        for (const name of [CONSOLEAUTH, NOVNCPROXY, XVPVNCPROXY]) {
          await machine.output("service", name, "start");
          await machine.output("chkconfig", name, "on");
          assert.equal((await machine.output("systemctl", "is-active", name)).trim(), "active");
          assert.equal((await machine.output("systemctl", "is-enabled", name)).trim(), "enabled");
        }
        for (const port of [6080, 6081]) assert.equal(await answers(machine, port), false);
      },
    );

    await t.test("8.1.2: the two lines open the ports, and no other", async () => {
      const file = machine.path(FIREWALL);
      const lines = [ALLOW(6080), ALLOW(6081), ""].join("\n");
      writeFileSync(file, readFileSync(file, "utf8").replace(LOOPBACK, LOOPBACK + lines));
      await machine.output("service", "iptables", "restart");
      const saved = await machine.output("iptables-save");
      assert.match(saved, /--dport 6080 -j ACCEPT[\s\S]*-j REJECT/);
      for (const port of [6080, 6081]) assert.equal(await answers(machine, port), true);
      assert.equal(await answers(machine, 5900), false);
      const doctor = await machine.run("nova-console-doctor", "firewall");
      assert.equal(doctor.status, 0, doctor.stdout + doctor.stderr);
    });

    const accessInstances = async (): Promise<void> => {
      const page = await fetch(`http://${machine.address}:6080/vnc_auto.html`);
      assert.equal(page.status, 200);
      assert.match(await page.text(), /<html/i);
      for (const front of ["novnc", "xvpvnc"] satisfies Front[]) {
        using console = await MachineConsole.open(machine, server, front);
        await console.showsTheScreen();
      }
    };
    await t.test("8.1.5: novncproxy_base_url shows the instance; 6081 too", accessInstances);

    await t.test(
      "8.1.4: the doctor compares two hosts, and names what migration lacks",
      async () => {
        await using other = await SystemdMachine.boot();
        addElTools(other);
        await offer(other, repository.path);
        await other.output("yum", "install", "-y", "openstack-nova-console");
        for (const [name, host] of Object.entries({ source: machine, destination: other })) {
          const facts = await host.output("nova-console-doctor", "facts");
          writeFileSync(machine.path(`/root/${name}.json`), facts);
        }
        const files = ["/root/source.json", "/root/destination.json"] as const;
        const { status, stdout } = await machine.run("nova-console-doctor", "migration", ...files);
        // They are no compute hosts: no libvirt is there. Each has a cable, and so a subnet, of its own.
        assert.equal(status, 1, stdout);
        assert.match(stdout, /libvirt/);
        assert.match(stdout, /subnet/);
      },
    );

    await t.test("8.1.3: after a reboot all of it is there again", async () => {
      await machine.reboot();
      await accessInstances();
      assert.equal(await answers(machine, 5900), false);
    });
  });
});

/** Makes a folder of RPMs the only repository of a machine. */
async function offer(machine: SystemdMachine, folder: string): Promise<void> {
  await machine.output("mkdir", "-p", "/srv/repository", "/etc/yum.repos.d");
  cpSync(folder, machine.path("/srv/repository"), { recursive: true });
  writeFileSync(
    machine.path("/etc/yum.repos.d/nova-console.repo"),
    "[nova-console]\nname=nova-console\nbaseurl=file:///srv/repository\ngpgcheck=0\n",
  );
}

/** Whether a port of the machine takes a connection from outside. */
async function answers(machine: SystemdMachine, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: machine.address, port, timeout: CONNECT_LIMIT_MS });
    const settle = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", settle(true));
    socket.once("error", settle(false));
    socket.once("timeout", settle(false));
  });
}
