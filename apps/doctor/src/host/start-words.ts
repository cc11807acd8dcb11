import { consoleProcessOf, type ConsoleProgram, type ProcessFacts } from "./processes.ts";
import { wordsOf, type Units } from "./units.ts";

/**
 * Finds the words that each program was started with, or would be: options of a unit's OPTIONS are in no config file.
 * The main process of a unit has them; if it does not run, the unit and its environment file do.
 */
export async function startWords(
  units: Units,
  processes: readonly ProcessFacts[],
): Promise<ReadonlyMap<ConsoleProgram, readonly string[]>> {
  const found = new Map<ConsoleProgram, readonly string[]>();
  for (const unit of units.kind === "known" ? units.units : []) {
    const pid = Number(unit.shown.get("MainPID"));
    const main = processes.find((each) => each.pid === pid && pid > 0);
    const own = main === undefined ? null : wordsBehind(main, unit.program);
    found.set(unit.program, own ?? (await wordsOf(unit)));
  }
  return found;
}

/** @returns null if a title has taken the place of the words */
function wordsBehind(process: ProcessFacts, program: ConsoleProgram): readonly string[] | null {
  if (consoleProcessOf(process)?.maker !== "ours") return null;
  const index = process.words.findIndex((word) =>
    new RegExp(`(^|/)${program}(\\.c?js)?$`).test(word),
  );
  return index > 0 ? process.words.slice(index + 1) : null;
}
