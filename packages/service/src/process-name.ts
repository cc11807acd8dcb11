import { writeFileSync } from "node:fs";

/**
 * Names this process after its program in `ps`, `ss`, `top` and `systemctl status`, where Node.js calls every
 * program `MainThread`. Linux cuts the name after 15 bytes.
 *
 * The command line stays as it is: packages and the doctor read it.
 */
export function nameProcess(program: string): void {
  try {
    writeFileSync("/proc/self/comm", program);
  } catch {
    // Not Linux, or no /proc: the program does without.
  }
}

/** Why a worker has no primary process: `leave` is a restart on purpose, `orphan` a primary process that died. */
type LeftBy = "leave" | "orphan";

const TITLES: Readonly<Record<LeftBy, string>> = {
  leave: "until its open consoles have ended",
  orphan: "orphan, until its open consoles have ended",
};

/** Replaces the command line of a worker that goes on without its primary process, for `ps` and `systemctl status`. */
export function titleLeftWorker(program: string, leftBy: LeftBy): void {
  process.title = `${program}: ${TITLES[leftBy]}`;
}
