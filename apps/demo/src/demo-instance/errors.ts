/** The viewer sent what the demo does not take: its connection ends, the others go on. */
export class ViewerMisbehavedError extends Error {
  override readonly name = "ViewerMisbehavedError";
  readonly code = "DEMO_ERR_VIEWER_MISBEHAVED";

  /** @param detail - what was seen */
  constructor(detail: string) {
    super(`viewer: ${detail}`);
  }
}
