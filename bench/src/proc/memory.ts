import { readFileSync } from "node:fs";
import { processTree } from "./process-tree.ts";

const KIB = 1024;

/**
 * Memory that whole process trees have taken, shared pages in proportion.
 *
 * @returns bytes
 * @see proc(5), `smaps_rollup`, Pss
 */
export function memoryBytesOf(pids: readonly number[]): number {
  let bytes = 0;
  for (const pid of pids.flatMap(processTree)) {
    try {
      bytes += pssOfRollup(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
    } catch {
      // It ended since the tree was walked.
    }
  }
  return bytes;
}

/** The Pss line of a `smaps_rollup`, in bytes; 0 if there is none, as of a process that is ending. */
export function pssOfRollup(text: string): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * KIB;
}
