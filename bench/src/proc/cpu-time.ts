import { readFileSync } from "node:fs";
import { processTree } from "./process-tree.ts";

/** USER_HZ, the unit of times in /proc; 100 on every Linux that Node runs on. @see sysconf(3) */
const TICKS_PER_SECOND = 100;

/**
 * CPU time of one process and of its children that have ended and were waited for.
 *
 * @param stat - the text of `/proc/pid/stat`
 * @returns seconds, of all threads, in user and system mode
 * @see proc(5): utime, stime, cutime, cstime are fields 14 to 17
 */
export function cpuSecondsOfStat(stat: string): number {
  // The name in parentheses may hold spaces and parentheses itself; field 3 begins after its end.
  const nameEnd = stat.lastIndexOf(")");
  const fields = stat.slice(nameEnd + 2).split(" ");
  const ticks = fields.slice(11, 15).map(Number);
  if (nameEnd < 0 || ticks.length < 4 || ticks.some((each) => !Number.isInteger(each))) {
    throw new Error(`not a process's stat: ${stat.slice(0, 80)}`);
  }
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/**
 * CPU time that whole process trees have used since they started, in seconds.
 *
 * A child that ends in between is not lost: its time goes to the parent that waits for it.
 */
export function cpuSecondsOf(pids: readonly number[]): number {
  let seconds = 0;
  for (const pid of pids.flatMap(processTree)) {
    try {
      seconds += cpuSecondsOfStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
    } catch {
      // It ended since the tree was walked.
    }
  }
  return seconds;
}
