import { readFile } from "node:fs/promises";
import { finding, fine, type Result } from "../finding.ts";
import { consoleProcessOf, type ProcessFacts } from "../host/processes.ts";
import { unitNameOf } from "../host/units.ts";
import { whyStatus, type CommandOutcome } from "../run-command.ts";
import type { HostContext } from "./context.ts";

/** What SELinux says. */
export interface SelinuxFacts {
  readonly getenforce: CommandOutcome;
  readonly boolean: CommandOutcome;
  /** Contexts of the programs that run, or of their files: `system_u:system_r:nova_console_t:s0`. */
  readonly contexts: readonly string[];
}

const PROGRAMS = ["nova-novncproxy", "nova-xvpvncproxy", "nova-consoleauth"];

/** Looks whether SELinux keeps Node.js from compiling. */
export async function checkSelinux({ run, processes, units }: HostContext): Promise<Result[]> {
  const getenforce = await run("getenforce", []);
  if (getenforce.kind === "failed")
    return judgeSelinux({ getenforce, boolean: getenforce, contexts: [] });
  const [boolean, files, running] = await Promise.all([
    run("getsebool", ["os_nova_use_execmem"]),
    run("stat", ["--format=%C", ...PROGRAMS.map((name) => `/usr/bin/${name}`)]),
    Promise.all(
      processes
        .filter(isConsole)
        .map(({ pid }) => readFile(`/proc/${pid}/attr/current`, "utf8").catch(() => "")),
    ),
  ]);
  const listed = files.kind === "ran" ? files.stdout.split("\n") : [];
  const unit = unitNameOf(units, "nova-novncproxy");
  return judgeSelinux({ getenforce, boolean, contexts: [...listed, ...running] }, unit);
}

function isConsole(process: ProcessFacts): boolean {
  return consoleProcessOf(process) !== null;
}

/** Says whether the services may run under SELinux. */
export function judgeSelinux(
  { getenforce, boolean, contexts }: SelinuxFacts,
  unit = "openstack-nova-novncproxy",
): Result[] {
  if (getenforce.kind === "failed") return [fine("not here")];
  const mode = getenforce.stdout.trim();
  if (mode !== "Enforcing") return [fine(`${mode.toLowerCase()}: nothing is denied`)];
  // nova_console_exec_t is what becomes nova_console_t when systemd runs it.
  const confined = contexts.some((context) => /\bnova_console_(exec_)?t\b/.test(context));
  if (!confined) return [fine("enforcing; the services run unconfined (bin_t)")];
  if (boolean.kind === "failed") return [{ kind: "notChecked", why: boolean.why }];
  if (boolean.status !== 0) {
    return [{ kind: "notChecked", why: whyStatus("getsebool", boolean.status, boolean.stderr) }];
  }
  if (/--> on\b/.test(boolean.stdout)) return [fine("enforcing; os_nova_use_execmem is on")];
  return [
    finding(
      "selinux-execmem",
      "SELinux enforces, the services run as nova_console_t, and os_nova_use_execmem is off",
      ["setsebool -P os_nova_use_execmem on", `systemctl restart ${unit}`],
    ),
  ];
}
