import type { CloseReason } from "./close-reason.ts";

/** Base of every error this package throws. */
export abstract class SessionError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `SESSION_ERR_${string}`;
}

/** A page of another site, or of another scheme, asked for the console. */
export class OriginRefusedError extends SessionError {
  override readonly name = "OriginRefusedError";
  readonly code = "SESSION_ERR_ORIGIN_REFUSED";
}

/** The viewer sent what its front's protocol forbids (WebSocket, XVP); RFB has errors of its own. */
export class ViewerMisbehavedError extends SessionError {
  override readonly name = "ViewerMisbehavedError";
  readonly code = "SESSION_ERR_VIEWER_MISBEHAVED";
}

/** A session that is not to be, with the reason it ends for; `cause` is what stood in its way. */
export class SessionRefusedError extends SessionError {
  override readonly name = "SessionRefusedError";
  readonly code = "SESSION_ERR_REFUSED";
  readonly reason: CloseReason;

  /** @param detail - for the operator's log, never for the viewer */
  constructor(reason: CloseReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

/** The port that the token leads to is not its instance's any more: it may be another's. */
export class PortNotInstancesError extends SessionError {
  override readonly name = "PortNotInstancesError";
  readonly code = "SESSION_ERR_PORT_NOT_INSTANCES";
}

/** Nobody could say whose port it is; it may well be the instance's. */
export class PortCheckUnavailableError extends SessionError {
  override readonly name = "PortCheckUnavailableError";
  readonly code = "SESSION_ERR_PORT_CHECK_UNAVAILABLE";
}

/** What is to be used towards VNC servers cannot be: the operator must change it. */
export class BackendSecurityError extends SessionError {
  override readonly name = "BackendSecurityError";
  readonly code = "SESSION_ERR_BACKEND_SECURITY";
}
