import type { Logger } from "./logger.ts";
import { RepeatedLines } from "./repeated-lines.ts";

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

/**
 * Writes the one `session closed` line of each session, and the stack of those that ended by a bug.
 * Sessions that were refused before they had an instance are summed up by address and reason: anybody
 * can cause them.
 */
export class SessionLog {
  readonly #log: Logger;
  readonly #refused: RepeatedLines;

  constructor(log: Logger) {
    this.#log = log;
    this.#refused = new RepeatedLines(log);
  }

  ended(session: EndedSession): void {
    const { bug, ...fields } = session;
    const { reason, viewerAddress: address } = fields;
    const message = "session closed";
    if (session.instanceUuid !== null) this.#log.info(message, fields);
    else this.#refused.write({ level: "info", message, address, reason, fields });
    if (bug !== null) this.#log.error("a session failed: this is a bug", { error: bug });
  }

  /** Writes the sums that are due later. */
  close(): void {
    this.#refused.flush();
  }
}
