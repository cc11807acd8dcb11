import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { orphansOn } from "./orphans.ts";

/** Longest that an orphan may take to let go of the port once it was told to go on. */
const LET_GO_LIMIT_MS = 5_000;
/** Longest that the kernel may take to end a killed process; one that waits for a disk takes longer. */
const KILL_LIMIT_MS = 2_000;
const LOOK_INTERVAL_MS = 50;

/** What {@link claimFromOrphans} needs. */
export interface ClaimOptions {
  readonly program: string;
  /** The port that is claimed. */
  readonly port: number;
  readonly log: Logger;
  /** Ends the wait for orphans. */
  readonly signal: AbortSignal;
}

/**
 * Claims the port. If another process has it, and that is an orphan of this program's own unit, it is freed first: a
 * stopped orphan is told to go on, finds its primary process gone, lets go of the port, and keeps its consoles. One that
 * hangs all the same is killed after 5 s.
 *
 * @param claim - throws an error whose cause has the code `EADDRINUSE` if the port is taken
 * @throws as `claim`, and an `AbortError`
 */
export async function claimFromOrphans<Claim>(
  claim: () => Promise<Claim>,
  options: ClaimOptions,
): Promise<Claim> {
  try {
    return await claim();
  } catch (error) {
    const isTaken = error instanceof Error && codeOf(error.cause) === "EADDRINUSE";
    if (!isTaken || !(await endOrphans(options))) throw error;
  }
  return claim();
}

/** @returns whether there were any */
async function endOrphans({ program, port, log, signal }: ClaimOptions): Promise<boolean> {
  const listen = (): number[] => orphansOn(program, port);
  const found = listen();
  if (found.length === 0) return false;
  log.warn("workers whose primary process is gone still listen: they are told to let go", {
    ...{ port, workers: found.join(",") },
  });
  for (const pid of found) tell(pid, "SIGCONT");
  await untilNone(listen, LET_GO_LIMIT_MS, signal);
  const hung = listen();
  for (const worker of hung) {
    log.error("a worker whose primary process is gone hangs: it is killed, its consoles are lost", {
      ...{ port, worker },
    });
    tell(worker, "SIGKILL");
  }
  await untilNone(listen, KILL_LIMIT_MS, signal);
  return true;
}

async function untilNone(
  listen: () => readonly number[],
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (let looks = limitMs / LOOK_INTERVAL_MS; looks > 0 && listen().length > 0; looks--) {
    await delay(LOOK_INTERVAL_MS, undefined, { signal });
  }
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
