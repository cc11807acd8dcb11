import { finding, fine, notChecked, type Result } from "../finding.ts";
import type { ConsoleProgram } from "../host/processes.ts";
import type { RunCommand } from "../run-command.ts";
import type { CheckContext, HostContext } from "./context.ts";

/** A unit, as `systemctl show` has it. */
export interface UnitFacts {
  readonly program: ConsoleProgram;
  readonly unit: string;
  /** `active`, `inactive`, `failed`, ... */
  readonly active: string;
  /** `enabled`, `disabled`, ... */
  readonly enabled: string;
  /** Whether this host needs the service. */
  readonly isNeeded: boolean;
}

const PROGRAMS: readonly ConsoleProgram[] = [
  "nova-novncproxy",
  "nova-xvpvncproxy",
  "nova-consoleauth",
];

/** Asks systemd for the three units. */
export async function checkServices(
  context: HostContext & Partial<Pick<CheckContext, "novnc">>,
): Promise<Result[]> {
  const { run } = context;
  const running = await run("systemctl", ["is-system-running"]);
  if (running.kind === "failed") return [notChecked(running.why)];
  if (/^offline/.test(running.stdout)) return [notChecked("systemd does not run here")];
  const store = context.novnc?.values.console_proxy.token_store ?? "database";
  // Tokens of nova itself (Rocky and later) need no nova-consoleauth.
  const connection = context.novnc?.values.database.connection ?? "";
  const byNova =
    store === "nova_api" || (store === "database" && /^(mysql|mariadb|postgres)/i.test(connection));
  const units = await Promise.all(
    PROGRAMS.map((program) =>
      gatherUnit(
        run,
        program,
        program !== "nova-consoleauth" || (!byNova && store !== "consoleauth"),
      ),
    ),
  );
  const found = units.filter((unit) => unit !== null);
  if (found.length === 0) return [notChecked("systemd knows none of the units")];
  return found.flatMap((unit) => judgeUnit(unit));
}

/** Says whether a unit runs, now and after the next boot. */
export function judgeUnit({ unit, active, enabled, isNeeded }: UnitFacts): Result[] {
  const isOn = enabled.startsWith("enabled") || enabled === "static" || enabled === "alias";
  if (!isNeeded && active !== "active" && active !== "failed") {
    return [fine(`${unit} is ${active}, and not needed`)];
  }
  if (active !== "active" && active !== "reloading" && active !== "activating") {
    // Neither started nor enabled: perhaps the other front end is all that this host is for.
    if (active === "inactive" && !isOn && unit.includes("xvpvncproxy")) {
      return [fine(`${unit} is installed and not used`)];
    }
    return [
      finding("service-not-running", `${unit} is ${active}`, [
        `systemctl status ${unit}`,
        `systemctl start ${unit}`,
        ...(isOn ? [] : [`systemctl enable ${unit}`]),
      ]),
    ];
  }
  if (!isOn) {
    return [
      finding("service-not-enabled", `${unit} is ${active}, and ${enabled}`, [
        `systemctl enable ${unit}`,
      ]),
    ];
  }
  return [fine(`${unit} is ${active} and ${enabled}`)];
}

async function gatherUnit(
  run: RunCommand,
  program: ConsoleProgram,
  isNeeded: boolean,
): Promise<UnitFacts | null> {
  for (const unit of [`openstack-${program}`, program]) {
    const shown = await run("systemctl", [
      ...["show", `${unit}.service`, "-p", "LoadState,ActiveState,UnitFileState"],
    ]);
    if (shown.kind !== "ran" || shown.status !== 0) continue;
    const value = (key: string): string =>
      new RegExp(`^${key}=(.*)$`, "m").exec(shown.stdout)?.[1] ?? "";
    if (value("LoadState") !== "loaded") continue;
    return {
      program,
      unit,
      active: value("ActiveState"),
      enabled: value("UnitFileState"),
      isNeeded,
    };
  }
  return null;
}
