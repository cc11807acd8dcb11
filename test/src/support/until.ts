import { setTimeout as delay } from "node:timers/promises";

const POLL_INTERVAL_MS = 50;
const DEFAULT_LIMIT_MS = 40_000;

/**
 * Waits for something that announces itself by no event, by asking again and again.
 *
 * @param what - what is waited for, for the error: "the canvas to show the screen"
 * @param condition - answers the awaited value, or null / undefined / false while it is not so yet
 * @param limitMs - when to give up
 * @returns what `condition` answered
 */
export async function until<T>(
  what: string,
  condition: () => Promise<T> | T,
  limitMs = DEFAULT_LIMIT_MS,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await condition();
    if (answer !== null && answer !== undefined && answer !== false) {
      // TypeScript does not narrow a bare type parameter by these comparisons.
      return answer as NonNullable<Exclude<T, false>>;
    }
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await delay(POLL_INTERVAL_MS);
  }
}
