import { readFile } from "node:fs/promises";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import type { Unit } from "../host/units.ts";
import type { RunCommand } from "../run-command.ts";
import type { CheckContext, HostContext } from "./context.ts";

/** A unit, as `systemctl show` has it. */
export interface UnitFacts {
  readonly unit: string;
  /** `active`, `inactive`, `failed`, ... */
  readonly active: string;
  /** `auto-restart` between two starts. */
  readonly sub: string;
  /** `enabled`, `disabled`, ... */
  readonly enabled: string;
  /** `start-limit-hit`, `exit-code`, ... */
  readonly result: string;
  readonly restarts: number;
  /** How long it has been active; null if that is not known. */
  readonly activeSeconds: number | null;
  readonly hasSocket: boolean;
  /** Whether this host needs the service. */
  readonly isNeeded: boolean;
  /** The program's last line in the journal; empty if there is none. */
  readonly lastLine: string;
}

/** Restarts after which a service that is up for less than a minute is taken for one that does not stay up. */
const FEW_RESTARTS = 3;
const SETTLED_SECONDS = 60;

/** Looks at the units of the programs that are installed here. */
export async function checkServices(
  context: HostContext & Partial<Pick<CheckContext, "novnc">>,
): Promise<Result[]> {
  const { units, run } = context;
  if (units.kind === "unknown") return [notChecked(units.why)];
  if (units.units.length === 0) return [notChecked("systemd knows none of the units")];
  const store = context.novnc?.values.console_proxy.token_store ?? "database";
  // Tokens of nova itself (Rocky and later) need no nova-consoleauth.
  const connection = context.novnc?.values.database.connection ?? "";
  const byNova =
    store === "nova_api" || (store === "database" && /^(mysql|mariadb|postgres)/i.test(connection));
  const results = await Promise.all(
    units.units.map(async (unit) => {
      const isNeeded = unit.program !== "nova-consoleauth" || (!byNova && store !== "consoleauth");
      return judgeUnit(await factsOf(unit, isNeeded, run));
    }),
  );
  return results.flat();
}

/** Says whether a unit runs, now and after the next boot. */
export function judgeUnit(facts: UnitFacts): Result[] {
  const { unit, active, sub, enabled, isNeeded, hasSocket } = facts;
  const isOn = enabled.startsWith("enabled") || enabled === "static" || enabled === "alias";
  const isUp = active === "active" || active === "reloading";
  if (restartsAgain(facts)) {
    const said = facts.lastLine === "" ? "" : `; its last words: ${facts.lastLine}`;
    const what = `${unit} ends and is started again and again (${facts.restarts} restarts)${said}`;
    return [
      finding("service-restarts", what, [
        `journalctl -u ${unit} -n 50`,
        `then: systemctl restart ${unit}`,
      ]),
    ];
  }
  if (!isNeeded && active !== "active" && active !== "failed") {
    return [fine(`${unit} is ${active}, and not needed`)];
  }
  if (active === "inactive" && hasSocket) {
    return [fine(`${unit} is not started yet; its socket waits for the first viewer`)];
  }
  if (active === "activating") return [notChecked(`${unit} is just starting (${sub})`)];
  if (!isUp) {
    // Neither started nor enabled: perhaps the other front end is all that this host is for.
    if (active === "inactive" && !isOn && unit.includes("xvpvncproxy")) {
      return [fine(`${unit} is installed and not used`)];
    }
    const limit = facts.result === "start-limit-hit";
    const why = limit ? ", as it was started too often in a short time" : "";
    const said = facts.lastLine === "" ? "" : `; its last words: ${facts.lastLine}`;
    return [
      finding("service-not-running", `${unit} is ${active}${why}${said}`, [
        `systemctl status ${unit}`,
        ...(limit ? [`systemctl reset-failed ${unit}`] : []),
        `systemctl start ${unit}`,
        ...(isOn ? [] : [`systemctl enable ${unit}`]),
      ]),
    ];
  }
  if (!isOn && !hasSocket) {
    return [
      finding("service-not-enabled", `${unit} is ${active}, and ${enabled}`, [
        `systemctl enable ${unit}`,
      ]),
    ];
  }
  return [fine(`${unit} is ${active}${isOn ? ` and ${enabled}` : ", started by its socket"}`)];
}

/** Between two starts, or up for the moment. */
function restartsAgain({ active, sub, restarts, activeSeconds }: UnitFacts): boolean {
  if (active === "activating" && (sub === "auto-restart" || restarts >= FEW_RESTARTS)) return true;
  const isNew = activeSeconds !== null && activeSeconds < SETTLED_SECONDS;
  return active === "active" && restarts >= FEW_RESTARTS && isNew;
}

async function factsOf(unit: Unit, isNeeded: boolean, run: RunCommand): Promise<UnitFacts> {
  const value = (property: string): string => unit.shown.get(property) ?? "";
  const uptime = Number((await readFile("/proc/uptime", "utf8").catch(() => "")).split(" ")[0]);
  const since = Number(value("ActiveEnterTimestampMonotonic")) / 1e6;
  const isWell = value("ActiveState") === "active" && Number(value("NRestarts")) < FEW_RESTARTS;
  return {
    unit: unit.name,
    active: value("ActiveState"),
    sub: value("SubState"),
    enabled: value("UnitFileState"),
    result: value("Result"),
    restarts: Number(value("NRestarts")) || 0,
    activeSeconds: uptime > 0 && since > 0 ? uptime - since : null,
    hasSocket: unit.hasSocket,
    isNeeded,
    lastLine: isWell || value("ActiveState") === "inactive" ? "" : await lastLineOf(unit, run),
  };
}

/** What the program itself wrote last; systemd's own lines say only that it ended. */
async function lastLineOf({ name }: Unit, run: RunCommand): Promise<string> {
  const outcome = await run("journalctl", [
    ...["-u", name, "-n", "40", "--no-pager", "-o", "json", "--output-fields=MESSAGE,_PID"],
  ]);
  if (outcome.kind === "failed") return "";
  const messages = outcome.stdout.split("\n").flatMap((line) => {
    try {
      const entry = JSON.parse(line) as { readonly MESSAGE?: unknown; readonly _PID?: unknown };
      return typeof entry.MESSAGE === "string" && entry._PID !== "1" ? [entry.MESSAGE] : [];
    } catch {
      return [];
    }
  });
  const wrong = messages.filter((message) =>
    /ERROR|CRITICAL|FATAL|must be|cannot|error/.test(message),
  );
  return (wrong.at(-1) ?? messages.at(-1) ?? "").slice(0, 300);
}
