import { existsSync } from "node:fs";
import { consoleProcessOf, type ConsoleProgram, type ProcessFacts } from "./processes.ts";
import { PROGRAMS, type Units } from "./units.ts";

/**
 * Finds the programs that this host is for: those that run, and those that are installed and that systemd would start.
 * Where none is, as in a checkout, all of them.
 */
export function usedPrograms(
  units: Units,
  processes: readonly ProcessFacts[],
): ReadonlySet<ConsoleProgram> {
  const running = new Set(processes.flatMap((each) => consoleProcessOf(each)?.program ?? []));
  const used = PROGRAMS.filter((program) => {
    if (running.has(program)) return true;
    const unit =
      units.kind === "known" ? units.units.find((each) => each.program === program) : undefined;
    if (unit === undefined) return units.kind === "unknown" && existsSync(`/usr/bin/${program}`);
    const isOff =
      unit.shown.get("ActiveState") === "inactive" &&
      !/^(enabled|static|alias)/.test(unit.shown.get("UnitFileState") ?? "");
    return unit.hasSocket || !isOff;
  });
  return new Set(used.length > 0 ? used : PROGRAMS);
}
