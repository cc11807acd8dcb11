import type { Duplex } from "node:stream";
import {
  admitWithoutSecurity,
  exchangeVersions,
  type ProtocolVersion,
  writeSecurityFailure,
} from "@nova-console/rfb";
import { type CloseReason, closeReasons, type ViewerFront, within } from "@nova-console/session";
import type { Token } from "@nova-console/token";
import { closeGently } from "./close-gently.ts";
import { encodeRefusal, ESTABLISHED } from "./reply.ts";

/** What ends a step that nobody waits for any more. One for all: a stack for each would cost. */
const CLOSED = new Error("the connection is being closed");

/** A viewer whose XVP request was read. */
export interface XvpViewer {
  /** Stands behind the request's head. */
  readonly channel: Duplex;
  readonly address: string;
  /** null if the request had none. */
  readonly token: Token | null;
  /** To be called once the token has shown to be good. */
  readonly tokenShown: () => void;
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
  /** Ends what is under way on the channel, whichever step it belongs to. */
  readonly #talking = new AbortController();
  /** Of the viewer, under way; null until the 200 is sent. */
  #version: Promise<ProtocolVersion> | null = null;
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
    channel.write(ESTABLISHED);
    // Not under the signal of this step: a refusal goes on with the exchange.
    this.#version = exchangeVersions(channel, this.#talking.signal);
    const version = await within(this.#version, signal);
    this.#offered = true;
    await admitWithoutSecurity(channel, version, signal);
    return channel;
  }

  async refuse(reason: CloseReason, signal: AbortSignal): Promise<void> {
    const { channel } = this.#viewer;
    const { words, httpStatus } = closeReasons[reason];
    try {
      if (this.#version === null) {
        channel.write(encodeRefusal(httpStatus));
      } else if (!this.#offered && reason !== "viewer-timeout") {
        writeSecurityFailure(channel, await within(this.#version, signal), words);
      }
    } catch {
      // It does not speak RFB, or not in time: there are no words that it would understand.
    }
    await this.close();
  }

  close(): Promise<void> {
    this.#talking.abort(CLOSED);
    closeGently(this.#viewer.channel);
    return Promise.resolve();
  }
}
