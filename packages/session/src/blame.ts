import type { CloseReason } from "./close-reason.ts";
import { closeReasonOf, type Side } from "./close-reason-of.ts";
import { SessionRefusedError } from "./errors.ts";

/** What a step ends with that took longer than it may. */
export function tooSlow(
  reason: CloseReason,
  limitMs: number,
  what = "no progress",
): SessionRefusedError {
  return new SessionRefusedError(reason, `${what} within ${limitMs} ms`);
}

/** What breaks a step that talks to one side is blamed on that side. */
export function blame(side: Side, error: unknown): unknown {
  const reason = closeReasonOf(error, side);
  if (reason === "internal-error" || error instanceof SessionRefusedError) return error;
  return new SessionRefusedError(reason, detailOf(error), { cause: error });
}

/** For the operator's log. */
export function detailOf(error: unknown): string {
  return asError(error).message;
}

/** For a stack. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
