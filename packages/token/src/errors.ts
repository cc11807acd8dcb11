/** Base of every error this package throws. */
export abstract class TokenError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `TOKEN_ERR_${string}`;
}

/** The token is absent, unknown or expired: one class, so that nobody learns which. */
export class InvalidTokenError extends TokenError {
  override readonly name = "InvalidTokenError";
  readonly code = "TOKEN_ERR_INVALID";

  constructor() {
    super("token is unknown or expired");
  }
}

/** The store could not answer; the token may well be good. */
export class TokenStoreError extends TokenError {
  override readonly name = "TokenStoreError";
  readonly code = "TOKEN_ERR_STORE_UNAVAILABLE";
}
