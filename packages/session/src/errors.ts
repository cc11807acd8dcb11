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
