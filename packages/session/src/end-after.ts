import { tooSlow } from "./blame.ts";
import type { CloseReason } from "./close-reason.ts";

/**
 * Limits a step of a session: ends the session if the step is not done by then.
 *
 * @param what - what was waited for, for the log
 * @returns to be cleared when the step is done
 */
export function endAfter(
  ending: AbortController,
  limitMs: number,
  reason: CloseReason,
  what?: string,
): NodeJS.Timeout {
  return setTimeout(() => {
    ending.abort(tooSlow(reason, limitMs, what));
  }, limitMs);
}
