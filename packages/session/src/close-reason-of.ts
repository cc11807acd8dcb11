import { StreamError } from "@nova-console/byte-stream";
import {
  BackendError,
  BackendNameError,
  BackendForbiddenError,
  BackendRefusedError,
  BackendUnreachableError,
} from "@nova-console/connector";
import { RfbError } from "@nova-console/rfb";
import { InvalidTokenError, TokenError } from "@nova-console/token";
import type { CloseReason } from "./close-reason.ts";
import {
  OriginRefusedError,
  PortCheckUnavailableError,
  PortNotInstancesError,
  SessionRefusedError,
  ViewerMisbehavedError,
} from "./errors.ts";

/** Which side a step of the session talks to, so that a bare end of stream can be told apart. */
export type Side = "viewer" | "backend";

/** Codes of Node's errors for a peer that went away. */
const GONE = new Set([
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ETIMEDOUT",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/**
 * Translates an error of any package into the reason a session ended for.
 *
 * @param side - who was being talked to
 * @returns `internal-error` for what nobody foresaw: a bug
 */
export function closeReasonOf(error: unknown, side: Side): CloseReason {
  if (error instanceof SessionRefusedError) return error.reason;
  if (error instanceof OriginRefusedError) return "origin-refused";
  if (error instanceof ViewerMisbehavedError) return "viewer-misbehaved";
  if (error instanceof PortNotInstancesError) return "token-invalid";
  if (error instanceof PortCheckUnavailableError) return "token-store-unavailable";
  if (error instanceof InvalidTokenError) return "token-invalid";
  if (error instanceof TokenError) return "token-store-unavailable";
  if (error instanceof BackendUnreachableError) {
    return error.cause instanceof SessionRefusedError ? error.cause.reason : "backend-unreachable";
  }
  if (error instanceof BackendNameError) return "name-lookup-failed";
  if (error instanceof BackendForbiddenError) return "backend-forbidden";
  if (error instanceof BackendRefusedError) return "backend-refused";
  if (error instanceof BackendError) return "backend-unreachable";
  if (error instanceof RfbError) return ofRfb(error);
  if (error instanceof StreamError || isGone(error)) {
    return side === "viewer" ? "viewer-closed" : "backend-lost";
  }
  return "internal-error";
}

function ofRfb(error: RfbError): CloseReason {
  if (error.peer === "viewer") return "viewer-misbehaved";
  // In SecurityResult a server refuses what was shown to it: a password that is not its own does not get better.
  const mayHeal = error.code === "RFB_ERR_PEER_REJECTED" && error.phase !== "SecurityResult";
  return mayHeal ? "backend-refused" : "backend-incompatible";
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    GONE.has(error.code)
  );
}
