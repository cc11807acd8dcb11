import { type AttemptEnd, classifyEnd } from "./attempt-end.ts";
import type { ReconnectRule } from "./page-options.ts";

/** How the page tries again by itself. */
export interface ReconnectPolicy {
  readonly rule: ReconnectRule;
  /** Pause before the first retry; each further one doubles it. */
  readonly firstDelayMs: number;
}

/** What follows the end of a connection. */
export type NextStep =
  | { readonly retry: true; readonly delayMs: number }
  /** `gaveUp`: it was tried often enough. */
  | { readonly retry: false; readonly gaveUp: boolean };

/** The pause if the page's URL names none. */
export const DEFAULT_FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;
/** A screen shown this long was a success: the next failure starts counting anew. */
const STABLE_AFTER_MS = 10_000;
const MOST_RETRIES_AFTER_SUCCESS = 10;
/** A link that never worked is mostly an old link, and a proxy like nova's cannot say so. */
const MOST_RETRIES_WITHOUT_SUCCESS = 3;

/** Counts connections between two successes. */
export interface RetryHistory {
  readonly retries: number;
  readonly everConnected: boolean;
}

/** What the history is before anything was tried, and after the person asked anew. */
export const FRESH_HISTORY: RetryHistory = { retries: 0, everConnected: false };

/** The history with one more connection that ended. */
export function extendHistory(history: RetryHistory, end: AttemptEnd): RetryHistory {
  const wasStable = end.connectedForMs !== null && end.connectedForMs >= STABLE_AFTER_MS;
  return {
    retries: wasStable ? 0 : history.retries,
    everConnected: history.everConnected || end.connectedForMs !== null,
  };
}

/**
 * Decides whether to try again, and when.
 *
 * A refusal is never retried: an expired token stays expired. A planned end is retried only if
 * the URL asks for that (`reconnect=1`, as in noVNC).
 *
 * @param history - with this end in it, see {@link extendHistory}
 * @param random - at least 0, below 1; spreads the pages that one failure cut off
 */
export function decideNextStep(
  end: AttemptEnd,
  history: RetryHistory,
  policy: ReconnectPolicy,
  random: number,
): NextStep {
  const kind = classifyEnd(end);
  const isWorthIt = kind === "failed" || (kind === "finished" && policy.rule === "always");
  if (!isWorthIt || policy.rule === "never") return { retry: false, gaveUp: false };

  const most = history.everConnected ? MOST_RETRIES_AFTER_SUCCESS : MOST_RETRIES_WITHOUT_SUCCESS;
  if (history.retries >= most) return { retry: false, gaveUp: true };
  const delayMs = Math.min(LONGEST_DELAY_MS, policy.firstDelayMs * 2 ** history.retries);
  return { retry: true, delayMs: Math.round(delayMs * (0.8 + 0.4 * random)) };
}
