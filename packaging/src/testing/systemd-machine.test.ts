import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { Child, run, TempDir, until } from "@nova-console/test/support";
import { SystemdMachine } from "./systemd-machine.ts";

describe("SystemdMachine", () => {
  it("runs a systemd of its own, keeps files over a reboot, and leaves nothing", async () => {
    {
      await using machine = await SystemdMachine.boot();
      assert.equal((await machine.output("cat", "/proc/1/comm")).trim(), "systemd");
      assert.equal((await machine.output("systemctl", "--failed", "--quiet")).trim(), "");
      await machine.output("touch", "/etc/kept", "/run/lost");
      assert.ok(existsSync(machine.path("/etc/kept")));
      await machine.reboot();
      assert.equal((await machine.run("test", "-e", "/etc/kept")).status, 0);
      assert.equal((await machine.run("test", "-e", "/run/lost")).status, 1);
      const { stdout } = await run("ip", ["route", "get", machine.address]);
      assert.match(stdout, /dev ve-/);
      assert.notDeepEqual(traces(process.pid), []);
    }
    assert.deepEqual(traces(process.pid), []);
  });

  it("ends with the process that started it, even if that is killed", async () => {
    const module = JSON.stringify(path.join(import.meta.dirname, "systemd-machine.ts"));
    const code = `const { SystemdMachine } = await import(${module});
      const machine = await SystemdMachine.boot();
      console.log("up:" + machine.path(""));
      setInterval(() => undefined, 1000);`;
    await using temporary = await TempDir.create();
    const node = ["--input-type=module", "--eval", code];
    const owner = await Child.start(process.execPath, node, { TMPDIR: temporary.path });
    const [, root = ""] = await owner.printed(/^up:(.+)$/m);
    assert.ok(existsSync(root));
    await owner.stop("SIGKILL");
    await until("the machine and its cable to be gone", () => {
      const left = traces(owner.pid).filter((trace) => !trace.startsWith("/sys/fs/cgroup"));
      return !existsSync(root) && left.length === 0;
    });
    await using next = await SystemdMachine.boot();
    assert.ok(existsSync(next.path("/etc")));
    assert.deepEqual(traces(owner.pid), []);
  });
});

/** Interfaces, control groups and mounts of the machines that a process started, as far as they are seen outside. */
function traces(owner: number): readonly string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return [
    ...globSync(`/sys/class/net/ve-nc${owner}-*`),
    ...globSync(`/sys/fs/cgroup/{,systemd/,unified/}nc${owner}-*`),
    ...mounts.filter((mount) => mount.includes("packaging/build/machine")),
  ];
}
