/** Base of every error this package throws. */
export abstract class TokenError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `TOKEN_ERR_${string}`;
}

/** The token is absent, unknown or expired: one class, so that nobody learns which. */
export class InvalidTokenError extends TokenError {
  override readonly name = "InvalidTokenError";
  readonly code = "TOKEN_ERR_INVALID";

  /** @param detail - for the operator's log: never for its bearer */
  constructor(detail = "token is unknown or expired") {
    super(detail);
  }
}

/** The store could not answer; the token may well be good. */
export class TokenStoreError extends TokenError {
  override readonly name = "TokenStoreError";
  readonly code = "TOKEN_ERR_STORE_UNAVAILABLE";
}

/** A setting of the store names what there is not, or cannot be used: the operator must change it. */
export class TokenStoreSettingError extends TokenError {
  override readonly name = "TokenStoreSettingError";
  readonly code = "TOKEN_ERR_STORE_SETTING";
}

const MAX_SHOWN_CHARACTERS = 80;

/** What was asked of the store cannot be: whoever asked must change it. */
export class InvalidConsoleRequestError extends TokenError {
  override readonly name = "InvalidConsoleRequestError";
  readonly code = "TOKEN_ERR_INVALID_REQUEST";
  /** Which part of the request, in the words of nova's table: `instance_uuid`, `port`, ... */
  readonly field: string;
  /** What would have been accepted, in words. */
  readonly allowed: string;

  constructor(field: string, seen: string | number, allowed: string) {
    const text = typeof seen === "number" ? String(seen) : JSON.stringify(seen);
    const shown =
      text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text;
    super(`${field} is ${shown}, must be ${allowed}`);
    this.field = field;
    this.allowed = allowed;
  }
}
