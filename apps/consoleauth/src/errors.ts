/** The address of the HTTP API cannot be listened on. */
export class ApiListenError extends Error {
  override readonly name = "ApiListenError";
  /** Stable across releases: match on this, not on the message. */
  readonly code = "CONSOLEAUTH_ERR_API_LISTEN";
}
