/** Base of this program's own errors. */
export abstract class ConsoleauthError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `CONSOLEAUTH_ERR_${string}`;
}

/** The address of the HTTP API cannot be listened on. */
export class ApiListenError extends ConsoleauthError {
  override readonly name = "ApiListenError";
  readonly code = "CONSOLEAUTH_ERR_API_LISTEN";
}
