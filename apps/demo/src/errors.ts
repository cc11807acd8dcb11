/** Base of what ends the demo with a message and without a stack: somebody can do something about it. */
export abstract class DemoError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `DEMO_ERR_${string}`;
  /** What the process exits with. */
  abstract readonly exitStatus: 1 | 2;
}

/** The command line makes no sense; the message is one line. */
export class UsageError extends DemoError {
  override readonly name = "UsageError";
  readonly code = "DEMO_ERR_USAGE";
  readonly exitStatus = 2;
}

/** Something that the demo needs did not come up, or went away. */
export class StartError extends DemoError {
  override readonly name = "StartError";
  readonly code = "DEMO_ERR_START";
  readonly exitStatus = 1;
}
