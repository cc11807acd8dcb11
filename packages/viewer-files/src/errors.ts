/** What an operator's setting makes impossible: the message names the option and what is allowed. */
export class ViewerFilesError extends Error {
  override readonly name = "ViewerFilesError";
  /** Stable across releases: match on this, not on the message. */
  readonly code = "VIEWER_FILES_ERR_BASE_URL";
}
