/** Base of every error this package throws. */
export abstract class NameLookupError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `NAME_ERR_${string}`;
  /** The name that was looked up. */
  readonly hostname: string;

  constructor(hostname: string, what: string, options?: ErrorOptions) {
    super(`name look-up of ${hostname}: ${what}`, options);
    this.hostname = hostname;
  }
}

/** The name service did not answer in time; its answer is kept if it comes later. */
export class NameLookupTimeoutError extends NameLookupError {
  override readonly name = "NameLookupTimeoutError";
  readonly code = "NAME_ERR_TIMEOUT";

  /** @param limitMs - how long the look-up was waited for */
  constructor(hostname: string, limitMs: number) {
    super(hostname, `no answer within ${Number((limitMs / 1_000).toFixed(2))} s`);
  }
}

/** The name has no address, or the name service failed; `cause` is Node's error, with its own `code`. */
export class NameLookupFailedError extends NameLookupError {
  override readonly name = "NameLookupFailedError";
  readonly code = "NAME_ERR_FAILED";
}
