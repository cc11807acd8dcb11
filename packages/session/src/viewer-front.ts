import type { Duplex } from "node:stream";
import type { ConnectInfo, Token } from "@nova-console/token";
import type { CloseReason } from "./close-reason.ts";

/**
 * The side of one session that talks to the viewer in its own protocol (WebSocket, XVP, RFB).
 *
 * {@link openSession} calls, each at most once and in this order:
 *
 * ```
 * authorize -> begin -> admit -> close       a console that opened and ended
 *     \----------\----------\--> refuse      one that did not
 * ```
 */
export interface ViewerFront {
  /** For the log: `novnc`, `xvp-connect`. */
  readonly name: string;

  /** The address the viewer connected from, for the log. */
  readonly viewerAddress: string;

  /** What the viewer presented; null if it presented none. */
  readonly token: Token | null;

  /**
   * Milliseconds left of `handshakeTimeoutMs`, where the front's own part of the handshake has used some of
   * it; absent: all of it.
   */
  readonly handshakeLeftMs?: number;

  /**
   * Decides whether this viewer may use a token that leads to `info`; null when the token is not
   * good, so that what needs no ConnectInfo is still checked.
   *
   * @throws {@link OriginRefusedError} if it may not
   */
  authorize(info: ConnectInfo | null): void;

  /**
   * Starts talking to the viewer while the backend is being connected; the token is good by now.
   * Rejecting ends the session.
   */
  begin(signal: AbortSignal): Promise<void>;

  /**
   * Completes the viewer's handshake: the backend is ready and stands before ClientInit.
   *
   * @returns the channel from ClientInit on. It must not lose a byte that already arrived.
   */
  admit(signal: AbortSignal): Promise<Duplex>;

  /** Tells the viewer why there is no console, in its protocol, and closes. Never rejects. */
  refuse(reason: CloseReason, signal: AbortSignal): Promise<void>;

  /** Ends a session that was admitted. Never rejects. */
  close(reason: CloseReason): Promise<void>;
}
