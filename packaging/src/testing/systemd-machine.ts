import { existsSync, readFileSync } from "node:fs";
import { glob, rmdir } from "node:fs/promises";
import path from "node:path";
import { Child, run, TempDir, until, type Outcome } from "@nova-console/test/support";
import { baseImage } from "./base-image.ts";

const COMMAND_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 20_000;
const SCRIPT = path.join(import.meta.dirname, "systemd-machine.sh");

let started = 0;

/**
 * A disposable machine: Debian with a systemd of its own, and a cable to this one.
 *
 * What is written in it lives in memory. Its processes, mounts and network are in namespaces, so that they are gone
 * with it even if this process is killed. What stays then is an empty folder, and empty control groups, which the next
 * machine removes.
 *
 * @see systemd-nspawn(1), unshare(1)
 */
export class SystemdMachine implements AsyncDisposable {
  /** Of the machine, seen from this one. */
  readonly address: string;
  /** Of this machine, seen from it. */
  readonly hostAddress: string;
  readonly #name: string;
  readonly #nspawn: Child;
  readonly #owned: AsyncDisposableStack;
  #init: number;

  private constructor(
    name: string,
    nspawn: Child,
    init: number,
    cableNumber: number,
    owned: AsyncDisposableStack,
  ) {
    this.#name = name;
    this.#nspawn = nspawn;
    this.#init = init;
    // Four addresses for each, of those that RFC 2544 keeps for tests.
    const subnet = `198.18.${(cableNumber >> 6) & 0xff}`;
    const first = (cableNumber & 0x3f) << 2;
    this.hostAddress = `${subnet}.${first + 1}`;
    this.address = `${subnet}.${first + 2}`;
    this.#owned = owned;
  }

  /** Starts one and waits until its systemd says that it is up. */
  static async boot(): Promise<SystemdMachine> {
    const base = await baseImage();
    await using owned = new AsyncDisposableStack();
    // The name becomes that of a network interface: 15 bytes with its prefix.
    const name = `nc${process.pid}-${++started}`;
    await removeControlGroups((other) => !existsSync(`/proc/${/\d+/.exec(other)?.[0] ?? ""}`));
    owned.defer(() => removeControlGroups((other) => other === name));
    const directory = owned.use(await TempDir.create());
    const nspawn = owned.use(
      await Child.start("setpriv", [
        ...["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--mount-proc"],
        ...["--kill-child=KILL", "sh", SCRIPT, name, base, directory.path],
      ]),
    );
    const failed = nspawn.ended.then(() => {
      throw new Error(`systemd-nspawn ended: ${nspawn.stdout}${nspawn.stderr}`);
    });
    const found = until("the machine's first process", () => initOf(nspawn));
    const init = await Promise.race([found, failed]);
    // No other interface of this machine has its number, so none has its addresses.
    const index = Number(readFileSync(`/sys/class/net/ve-${name}/ifindex`, "utf8"));
    const machine = new SystemdMachine(name, nspawn, init, index, owned.move());
    try {
      await machine.#up();
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** Where this machine finds a file of that one; no symbolic link may be on the way. */
  path(file: string): string {
    return `/proc/${this.#init}/root${file}`;
  }

  /** Runs a program to its end; any exit status is an answer. */
  run(command: string, ...args: readonly string[]): Promise<Outcome> {
    const limit = `${COMMAND_LIMIT_MS / 1000}`;
    return run("timeout", [
      ...["--signal=KILL", limit, "nsenter", `--target=${this.#init}`],
      ...["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--wdns=/root", "--"],
      ...["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"],
      ...["DEBIAN_FRONTEND=noninteractive", command, ...args],
    ]);
  }

  /** Runs a program that must succeed. @returns what it printed */
  async output(command: string, ...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(command, ...args);
    if (status === 0) return stdout;
    const line = [command, ...args].join(" ");
    throw new Error(`${line} in the machine: status ${String(status)}\n${stdout}${stderr}`);
  }

  /** What `systemctl show` tells of a unit, by the names that are asked for. */
  async properties<Name extends string>(
    unit: string,
    ...names: readonly Name[]
  ): Promise<Readonly<Record<Name, string>>> {
    const text = await this.output("systemctl", "show", `--property=${names.join()}`, unit);
    const lines = text.trimEnd().split("\n");
    const told = new Map(lines.map((line) => [line.split("=", 1)[0], line.replace(/^\w+=/, "")]));
    return Object.fromEntries(names.map((name) => [name, told.get(name) ?? ""])) as Record<
      Name,
      string
    >;
  }

  /** Starts it again, as `reboot` typed in it does, and waits until it is up. */
  async reboot(): Promise<void> {
    const before = this.#init;
    await this.output("systemctl", "reboot");
    this.#init = await until("the machine to start again", () => {
      const init = initOf(this.#nspawn);
      return init === before ? null : init;
    });
    await this.#up();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("systemctl", "poweroff");
    const limit = new Promise((resolve) => setTimeout(resolve, STOP_LIMIT_MS).unref());
    await Promise.race([this.#nspawn.ended, limit]);
    await this.#owned.disposeAsync();
  }

  /** Plugs in the cable and waits until everything that starts with the machine has started. */
  async #up(): Promise<void> {
    const cable = `ve-${this.#name}`;
    await host("ip", "address", "replace", `${this.hostAddress}/30`, "dev", cable);
    await host("ip", "link", "set", cable, "up");
    const inside = ["--target", String(this.#init), "--net", "ip"];
    await host("nsenter", ...inside, "address", "replace", `${this.address}/30`, "dev", "host0");
    await host("nsenter", ...inside, "link", "set", "host0", "up");
    await until("the machine to be up", async () => {
      const { stdout } = await this.run("systemctl", "is-system-running", "--wait");
      return /^(running|degraded)$/m.test(stdout);
    });
  }
}

/** @returns null while there is none: setpriv becomes unshare, which runs sh, which runs nspawn, which runs it */
function initOf(nspawn: Child): number | null {
  let pid: number | undefined = nspawn.pid;
  for (let generation = 0; generation < 3; generation++) {
    pid = childrenOf(pid)[0];
    if (pid === undefined) return null;
  }
  // Before its own the first process of the machine has the name of nspawn.
  const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  return name === "systemd" ? pid : null;
}

function childrenOf(pid: number): readonly number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

async function host(command: string, ...args: readonly string[]): Promise<void> {
  const { status, stderr } = await run(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}

/** Removes the control groups of machines; those that still have a process refuse. */
async function removeControlGroups(isGone: (machine: string) => boolean): Promise<void> {
  for await (const top of glob("/sys/fs/cgroup/{,systemd/,unified/}nc*-*")) {
    if (!isGone(path.basename(top))) continue;
    const { stdout } = await run("find", [top, "-depth", "-type", "d"]);
    for (const folder of stdout.split("\n").filter(Boolean)) {
      await rmdir(folder).catch(() => undefined);
    }
  }
}
