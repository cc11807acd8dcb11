import type { Logger } from "./logger.ts";

/** What the log tells of a session: the proxies' SessionRecord is one. */
export interface EndedSession {
  readonly front: string;
  readonly viewerAddress: string;
  /** Tells sessions of one token apart and opens nothing; never the token. */
  readonly tokenId: string | null;
  readonly instanceUuid: string | null;
  readonly backend: string | null;
  readonly reason: string;
  readonly detail: string;
  /** The error behind an ending that is a bug of ours. */
  readonly bug: Error | null;
  readonly durationMs: number;
  readonly bytesFromViewer: number;
  readonly bytesToViewer: number;
}

/** Writes the one `session closed` line, and the stack if the session ended by a bug. */
export function logSessionEnd(log: Logger, session: EndedSession): void {
  const { bug, ...fields } = session;
  log.info("session closed", fields);
  if (bug !== null) log.error("a session failed: this is a bug", { error: bug });
}
