/** Limits of a session and of all sessions: plain values, in milliseconds and bytes. */
export interface SessionSettings {
  /** From the viewer's request to the relay's start. */
  readonly handshakeTimeoutMs: number;
  /** The token's check, and after it the backend's connection and handshake: each so long. */
  readonly connectTimeoutMs: number;
  /** Time without a byte from the viewer that ends a session; 0: none. */
  readonly idleTimeoutMs: number;
  /** Longest message of a viewer, and most bytes held for each direction. */
  readonly bufferLimitBytes: number;
  /** Whether a console ends when its token expires. */
  readonly endsWithToken: boolean;
  /** Sessions whose token is good. */
  readonly maxSessions: number;
  readonly maxSessionsPerToken: number;
}
