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

/** The viewer sent what RFC 6455 or the binary subprotocol forbids; its connection is being closed. */
export class ViewerMisbehavedError extends NovncProxyError {
  override readonly name = "ViewerMisbehavedError";
  readonly code = "NOVNCPROXY_ERR_VIEWER_MISBEHAVED";
}
