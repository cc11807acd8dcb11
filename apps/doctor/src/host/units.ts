import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import type { RunCommand } from "../run-command.ts";
import type { ConsoleProgram } from "./processes.ts";

/** A service's unit that systemd has loaded. */
export interface Unit {
  readonly program: ConsoleProgram;
  /** Without `.service`: `openstack-nova-novncproxy` of RPMs, `nova-novncproxy` of Debian. */
  readonly name: string;
  /** What `systemctl show` prints, by property. */
  readonly shown: ReadonlyMap<string, string>;
  /** Whether systemd holds the port, and starts the service for the first viewer. */
  readonly hasSocket: boolean;
}

/** Units of this host; or why they are not known. */
export type Units =
  | { readonly kind: "known"; readonly units: readonly Unit[] }
  | { readonly kind: "unknown"; readonly why: string };

export const PROGRAMS: readonly ConsoleProgram[] = [
  "nova-novncproxy",
  "nova-xvpvncproxy",
  "nova-consoleauth",
];

const PROPERTIES = [
  ...["LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "NRestarts", "MainPID"],
  ...["ActiveEnterTimestampMonotonic", "ExecMainStatus", "LimitNOFILE", "ExecStart"],
  ...["EnvironmentFiles", "ProtectHome", "ProtectSystem", "ReadWritePaths", "PrivateTmp"],
  "AmbientCapabilities",
  ...["StateDirectory", "LogsDirectory", "RuntimeDirectory", "CacheDirectory"],
  ...["BindPaths", "BindReadOnlyPaths"],
];

/** Asks systemd for the units of the three programs. */
export async function gatherUnits(run: RunCommand): Promise<Units> {
  const running = await run("systemctl", ["is-system-running"]);
  if (running.kind === "failed") return { kind: "unknown", why: running.why };
  if (/^offline/.test(running.stdout)) return { kind: "unknown", why: "systemd does not run here" };
  const units = await Promise.all(PROGRAMS.map((program) => gatherUnit(run, program)));
  return { kind: "known", units: units.filter((unit) => unit !== null) };
}

/** The name that a unit has here, or would have: that of the distribution. */
export function unitNameOf(units: Units, program: ConsoleProgram): string {
  const known = units.kind === "known" ? units.units : [];
  const own = known.find((unit) => unit.program === program);
  if (own !== undefined) return own.name;
  const isDebian = known.length > 0 ? !known.some(isOfRpm) : existsSync("/etc/debian_version");
  return isDebian ? program : `openstack-${program}`;
}

/** The words that a unit starts its program with, behind the program's name. */
export async function wordsOf({ shown, program }: Unit): Promise<readonly string[]> {
  const line = / argv\[\]=(.*?) ; /.exec(shown.get("ExecStart") ?? "")?.[1] ?? "";
  const words = line.split(" ").filter((word) => word !== "");
  const own = words.slice(words.findIndex((word) => word.endsWith(program)) + 1);
  const files = (shown.get("EnvironmentFiles") ?? "").replace(/ \(ignore_errors=\w+\)/g, "");
  const texts = await Promise.all(
    files
      .split(" ")
      .filter((file) => file !== "")
      .map((file) => readFile(file, "utf8").catch(() => "")),
  );
  const values = texts.join("\n");
  return own.flatMap((word) => {
    const name = /^\$\{?(\w+)\}?$/.exec(word)?.[1];
    return name === undefined ? [word] : valueIn(values, name);
  });
}

/** Words of the last `NAME="..."` of an environment file. @see EnvironmentFile in systemd.exec(5) */
function valueIn(text: string, name: string): string[] {
  const lines = [...text.matchAll(new RegExp(`^\\s*${name}=(.*)$`, "gm"))];
  const value = (lines.at(-1)?.[1] ?? "").trim().replace(/^(["'])(.*)\1$/, "$2");
  return value.split(/\s+/).flatMap((word) => {
    const plain = word.replace(/^(["'])(.*)\1$/, "$2");
    return plain === "" ? [] : [plain];
  });
}

function isOfRpm({ name }: Unit): boolean {
  return name.startsWith("openstack-");
}

async function gatherUnit(run: RunCommand, program: ConsoleProgram): Promise<Unit | null> {
  for (const name of [`openstack-${program}`, program]) {
    const outcome = await run("systemctl", ["show", `${name}.service`, "-p", PROPERTIES.join()]);
    if (outcome.kind !== "ran" || outcome.status !== 0) continue;
    const shown = new Map(
      outcome.stdout.split("\n").map((line): [string, string] => {
        const end = line.indexOf("=");
        return [line.slice(0, end), line.slice(end + 1)];
      }),
    );
    if (shown.get("LoadState") !== "loaded") continue;
    const socket = await run("systemctl", ["is-active", `${name}.socket`]);
    const hasSocket = socket.kind === "ran" && socket.stdout.trim() === "active";
    return { program, name, shown, hasSocket };
  }
  return null;
}
