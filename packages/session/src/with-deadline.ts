import type { CloseReason } from "./close-reason.ts";
import { SessionRefusedError } from "./errors.ts";

/**
 * Runs one step under a deadline of its own, within the session's.
 *
 * @param outer - the session's signal: its reason is the step's as well
 * @param limitMs - after which the step's signal is aborted with a {@link SessionRefusedError}
 * @param reason - what a session that ended here ended for
 */
export async function withDeadline<T>(
  outer: AbortSignal,
  limitMs: number,
  reason: CloseReason,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const onOuterAbort = (): void => {
    inner.abort(outer.reason);
  };
  outer.addEventListener("abort", onOuterAbort);
  const timer = setTimeout(() => {
    inner.abort(new SessionRefusedError(reason, `no progress within ${limitMs} ms`));
  }, limitMs);
  // A step that does not heed its signal is left behind.
  const aborted = new Promise<never>((_, reject) => {
    inner.signal.addEventListener("abort", () => {
      reject(inner.signal.reason as Error);
    });
  });
  try {
    return await Promise.race([step(inner.signal), aborted]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", onOuterAbort);
  }
}
