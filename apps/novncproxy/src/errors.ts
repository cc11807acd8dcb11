/** Base of every error this program throws. */
abstract class NovncProxyError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `NOVNCPROXY_ERR_${string}`;
}

/** The directory of the page cannot be served. The message names option and directory. */
export class WebRootError extends NovncProxyError {
  override readonly name = "WebRootError";
  readonly code = "NOVNCPROXY_ERR_WEB_ROOT";
}
