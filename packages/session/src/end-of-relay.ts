import type { RelayResult } from "@nova-console/relay";
import { detailOf } from "./blame.ts";
import type { CloseReason } from "./close-reason.ts";
import { closeReasonOf } from "./close-reason-of.ts";
import { ViewerMisbehavedError } from "./errors.ts";

/**
 * What a session ends with whose relay has ended.
 *
 * @param abortReason - of the signal that ends the session; undefined while nobody did
 * @returns reason, and the detail for the log
 */
export function endOfRelay(
  result: RelayResult,
  idleTimeoutMs: number,
  abortReason: unknown,
): [CloseReason, string] {
  const error = result.error === null ? "" : `: ${result.error.message}`;
  switch (result.endedBy) {
    case "viewer":
      return [
        result.error instanceof ViewerMisbehavedError ? "viewer-misbehaved" : "viewer-closed",
        `ended by the viewer${error}`,
      ];
    case "backend":
      return [
        result.error === null ? "backend-closed" : "backend-lost",
        `ended by the backend${error}`,
      ];
    case "idle":
      return ["idle-timeout", `no byte from the viewer for ${idleTimeoutMs} ms`];
    case "aborted":
      return [closeReasonOf(abortReason, "viewer"), detailOf(abortReason)];
  }
}
