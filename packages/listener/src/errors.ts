/** Base of every error this package throws. */
export abstract class ListenerError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `LISTENER_ERR_${string}`;
}

/** The address cannot be listened on. The message says what the operator can do about it. */
export class ListenError extends ListenerError {
  override readonly name = "ListenError";
  readonly code = "LISTENER_ERR_CANNOT_LISTEN";
}

/** A certificate, key, cipher list or TLS version cannot be used. The message names option and file. */
export class TlsSettingsError extends ListenerError {
  override readonly name = "TlsSettingsError";
  readonly code = "LISTENER_ERR_TLS_SETTINGS";
}

/** A peer did not get through its TLS handshake. */
export class TlsHandshakeError extends ListenerError {
  override readonly name = "TlsHandshakeError";
  readonly code = "LISTENER_ERR_TLS_HANDSHAKE";
}

/** A peer that has to say whom it speaks for says something else. */
export class ProxyHeaderError extends ListenerError {
  override readonly name = "ProxyHeaderError";
  readonly code = "LISTENER_ERR_PROXY_HEADER";
}

/** What Node's system calls and OpenSSL put into `error.code`; "" if there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
