import { readFile, readdir } from "node:fs/promises";

const KIB = 1024;

/**
 * The memory that a program and all that it started have taken, shared pages in proportion.
 *
 * Pages of files are left out: how many of them count as this program's depends on who else runs
 * the same Node.js at that moment.
 *
 * @returns bytes
 * @see proc(5), smaps_rollup, Pss_Anon
 */
export async function memoryOf(pid: number): Promise<number> {
  let total = 0;
  for (const each of [pid, ...(await descendants(pid))]) {
    const text = await readFile(`/proc/${each}/smaps_rollup`, "latin1").catch(() => "");
    total += Number(/^Pss_Anon:\s+(\d+) kB/m.exec(text)?.at(1) ?? 0) * KIB;
  }
  return total;
}

/** The processes that a process started, and those that they started. */
export async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const status = await readFile(`/proc/${entry}/status`, "latin1").catch(() => "");
    parents.set(Number(entry), Number(/^PPid:\s+(\d+)/m.exec(status)?.at(1)));
  }
  const found = new Set([pid]);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(pid);
  return [...found];
}
