import type { Logger } from "./logger.ts";
import { RepeatedLines } from "./repeated-lines.ts";

/** What the log says of a session whose viewer has its screen: the proxies' SessionFacts is one. */
export interface OpenedSession {
  /** Its own among the sessions of its process. */
  readonly number: number;
  readonly front: string;
  readonly viewerAddress: string;
  /** Tells sessions of one token apart and opens nothing; never the token. */
  readonly tokenId: string | null;
  readonly instanceUuid: string | null;
  readonly backend: string | null;
  /** Since the viewer asked for it. */
  readonly durationMs: number;
}

/** What the log says of a session that has ended: the proxies' SessionRecord is one. */
export interface EndedSession extends OpenedSession {
  readonly reason: string;
  readonly detail: string;
  /** The error behind an ending that is a bug of ours. */
  readonly bug: Error | null;
  readonly bytesFromViewer: number;
  readonly bytesToViewer: number;
}

/** Follows which sessions are open. */
export interface OpenSessions {
  opened(session: OpenedSession): void;
  ended(number: number): void;
}

/** What {@link SessionLog} needs. */
export interface SessionLogOptions {
  readonly log: Logger;
  /** Process that has the sessions. */
  readonly pid: number;
  /** Absent: nobody does. */
  readonly follower?: OpenSessions | undefined;
}

/**
 * Writes `session opened` when a viewer has its screen, the one `session closed` line of each session,
 * and the stack of those that ended by a bug. Field `session` is the id that the admin address has for it.
 *
 * Sessions that were refused before they had an instance are summed up by address and reason: anybody
 * can cause them.
 */
export class SessionLog {
  readonly #options: SessionLogOptions;
  readonly #refused: RepeatedLines;

  constructor(options: SessionLogOptions) {
    this.#options = options;
    this.#refused = new RepeatedLines(options.log);
  }

  opened(session: OpenedSession): void {
    const { log, pid, follower } = this.#options;
    const { front, viewerAddress, tokenId, instanceUuid, backend, durationMs } = session;
    const facts = { front, viewerAddress, tokenId, instanceUuid, backend };
    log.info("session opened", { ...facts, openingMs: durationMs, session: idOf(session, pid) });
    follower?.opened(session);
  }

  ended(session: EndedSession): void {
    const { log, pid, follower } = this.#options;
    const { bug, number, ...facts } = session;
    const message = "session closed";
    if (session.instanceUuid === null) {
      const { reason, viewerAddress: address } = session;
      this.#refused.write({ level: "info", message, address, reason, fields: facts });
    } else {
      log.info(message, { ...facts, session: idOf(session, pid) });
      follower?.ended(number);
    }
    if (bug !== null) log.error("a session failed: this is a bug", { error: bug });
  }

  /** Writes the sums that are due later. */
  close(): void {
    this.#refused.flush();
  }
}

/** Detail of the sessions that a second SIGTERM ends. */
export const ENDED_AT_ONCE = "the program was told to end at once";

/**
 * Writes the `session closed` line of a session whose process ends, or has ended, without writing it.
 *
 * @param pid - of that process
 * @param detail - what ended the process
 */
export function logLostSession(
  log: Logger,
  { number, durationMs, ...facts }: OpenedSession,
  pid: number,
  detail: string,
): void {
  const session = idOf({ number }, pid);
  log.warn("session closed", { ...facts, durationMs, reason: "proxy-killed", detail, session });
}

function idOf({ number }: Pick<OpenedSession, "number">, pid: number): string {
  return `${pid}-${number}`;
}
