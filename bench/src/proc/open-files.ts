import { readFileSync } from "node:fs";

/** What a process has open beside its sessions' sockets. */
const OTHER_FILES = 200;

/** Sessions that one process can carry at two sockets each, by its limit of open files. */
export function sessionsThatFit(): number {
  const limits = readFileSync("/proc/self/limits", "latin1");
  // Node raises its soft limit to the hard one when it starts.
  const limit = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return Math.floor((Number(limit ?? Infinity) - OTHER_FILES) / 2);
}
