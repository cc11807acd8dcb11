import type { Options } from "./options.ts";
import { sessionsThatFit } from "./proc/open-files.ts";

const MOST_SESSIONS = 10_000;

/** How long and how much. */
export interface Scale {
  readonly durationMs: number;
  /** Before the measured time, and for memory to settle. */
  readonly warmUpMs: number;
  /** Compare every byte of every update. */
  readonly verifyAll: boolean;
  /** Sessions for bulk; then for echoes beside one; then for memory. */
  readonly bulkSessions: readonly number[];
  readonly echoSessions: readonly number[];
  readonly memorySessions: readonly number[];
  /** Sessions that live side by side: what one process can carry, and what two can. */
  readonly liveSessions: readonly number[];
  /** How long they do nothing. */
  readonly idleMs: number;
  /** How often each has a key pressed, and for how long that is done. */
  readonly keyPeriodMs: number;
  readonly keysMs: number;
  /** Consoles that are opened beside them, and closed at once. */
  readonly opensBeside: number;
  /** Consoles that are opened and closed to see whether anything stays behind. */
  readonly churn: number;
}

/** What the command line asks for, in figures. */
export function scaleOf({ quick, seconds }: Options): Scale {
  const most = Math.min(MOST_SESSIONS, sessionsThatFit());
  const withTwo = Math.min(MOST_SESSIONS, 2 * sessionsThatFit());
  return {
    durationMs: seconds * 1000,
    warmUpMs: quick ? 20 : 400,
    verifyAll: quick,
    bulkSessions: quick ? [1, 3] : [1, 16],
    echoSessions: quick ? [5] : [100, 1000],
    memorySessions: quick ? [10] : [100, 1000, most],
    liveSessions: quick ? [10] : [...new Set([most, withTwo])],
    idleMs: quick ? 100 : 60_000,
    keyPeriodMs: quick ? 50 : 10_000,
    keysMs: quick ? 100 : 30_000,
    opensBeside: quick ? 20 : 3000,
    churn: quick ? 200 : 500_000,
  };
}
