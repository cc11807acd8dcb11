import { readdirSync, readFileSync } from "node:fs";

/**
 * A process and all that it started, as far as they live.
 *
 * Processes that end while we look are left out.
 *
 * @see proc(5), `/proc/pid/task/tid/children`
 */
export function processTree(pid: number): number[] {
  const tree = [pid];
  // The array grows while it is walked.
  for (const each of tree) tree.push(...childrenOf(each));
  return tree;
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1")
        .split(" ")
        .filter((word) => word.trim() !== "")
        .map(Number),
    );
  } catch {
    return [];
  }
}
