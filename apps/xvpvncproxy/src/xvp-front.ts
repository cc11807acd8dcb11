import type { Duplex } from "node:stream";
import {
  admitWithoutSecurity,
  exchangeVersions,
  type ProtocolVersion,
  readViewerVersion,
  writeSecurityFailure,
} from "@nova-console/rfb";
import { type CloseReason, closeReasons, type ViewerFront } from "@nova-console/session";
import type { Token } from "@nova-console/token";
import { closeGently } from "./close-gently.ts";
import type { HandshakeTime } from "./handshake-time.ts";
import { encodeRefusal, ESTABLISHED } from "./reply.ts";

/** A viewer whose XVP request was read. */
export interface XvpViewer {
  /** Stands behind the request's head. */
  readonly channel: Duplex;
  readonly address: string;
  /** null if the request had none. */
  readonly token: Token | null;
  /** To be called once the token has shown to be good. */
  readonly tokenShown: () => void;
  /** For the whole handshake. */
  readonly time: HandshakeTime;
}

/**
 * Talks to a viewer that came by the XVP handshake: HTTP until the backend is ready, RFB after it.
 *
 * ```
 * viewer -> CONNECT path?token=... HTTP/1.0     read by whoever made this
 * us     -> HTTP/1.1 200 OK                     when the backend is ready; 400 or 401 otherwise
 *           RFB: ProtocolVersion, Security None
 * ```
 *
 * @see nova/vnc/xvp_proxy.py
 */
export class XvpFront implements ViewerFront {
  readonly name = "xvp-connect";
  readonly #viewer: XvpViewer;
  /** Whether the 200 was sent, and our version after it. */
  #established = false;
  /** The viewer's; null until it is known. */
  #version: ProtocolVersion | null = null;
  #offered = false;

  constructor(viewer: XvpViewer) {
    this.#viewer = viewer;
  }

  get viewerAddress(): string {
    return this.#viewer.address;
  }

  get token(): Token | null {
    return this.#viewer.token;
  }

  get handshakeLeftMs(): number {
    return this.#viewer.time.leftMs;
  }

  authorize(): void {
    // No browser speaks CONNECT with a path, so there is no Origin to compare.
  }

  begin(): Promise<void> {
    this.#viewer.tokenShown();
    // The viewer waits in silence: whether it hears 200 or 400 is for the backend to decide.
    return Promise.resolve();
  }

  async admit(signal: AbortSignal): Promise<Duplex> {
    const { channel } = this.#viewer;
    signal.throwIfAborted();
    this.#established = true;
    // Both in one piece, as neither waits for an answer.
    channel.cork();
    channel.write(ESTABLISHED);
    const exchange = exchangeVersions(channel, signal);
    channel.uncork();
    this.#version = await exchange;
    this.#offered = true;
    await admitWithoutSecurity(channel, this.#version, signal);
    return channel;
  }

  async refuse(reason: CloseReason, signal: AbortSignal): Promise<void> {
    const { channel } = this.#viewer;
    const { words, httpStatus } = closeReasons[reason];
    try {
      if (!this.#established) {
        channel.write(encodeRefusal(httpStatus));
      } else if (!this.#offered && reason !== "viewer-timeout") {
        const version = this.#version ?? (await readViewerVersion(channel, signal));
        writeSecurityFailure(channel, version, words);
      }
    } catch {
      // It does not speak RFB, or not in time: there are no words that it would understand.
    }
    await this.close();
  }

  close(): Promise<void> {
    closeGently(this.#viewer.channel);
    return Promise.resolve();
  }
}
