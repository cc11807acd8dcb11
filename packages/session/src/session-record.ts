import type { CloseReason } from "./close-reason.ts";

/** Who has a console, of what, and what it has carried. */
export interface SessionFacts {
  /** Its own among the sessions of this process. */
  readonly number: number;
  /** How the viewer came in: the front's name. */
  readonly front: string;
  readonly viewerAddress: string;
  /** {@link Token.id}; null if no token was presented. */
  readonly tokenId: string | null;
  /** null if the token was not good. */
  readonly instanceUuid: string | null;
  /** `host:port` or `unix:/path`; null if the token was not good. */
  readonly backend: string | null;
  /** Since the viewer asked for it. */
  readonly durationMs: number;
  readonly bytesFromViewer: number;
  readonly bytesToViewer: number;
}

/** What one session was, told once when it has ended: for one log line and the counters. */
export interface SessionRecord extends SessionFacts {
  readonly reason: CloseReason;
  /** What happened, for the operator: never told to the viewer, never holds a token. */
  readonly detail: string;
  /** The error behind {@link reason} when it is a bug of ours: its stack belongs in the log. */
  readonly bug: Error | null;
}

/** A session that lives. */
export interface LiveSession extends SessionFacts {
  /** Whether its handshakes are done: the viewer has its screen. */
  readonly isOpen: boolean;
}
