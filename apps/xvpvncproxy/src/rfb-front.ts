import type { Duplex } from "node:stream";
import {
  type WaitingViewer,
  writeSecurityResultFailed,
  writeSecurityResultOk,
} from "@nova-console/rfb";
import { type CloseReason, closeReasons, type ViewerFront } from "@nova-console/session";
import type { Token } from "@nova-console/token";
import { closeGently } from "./close-gently.ts";
import type { HandshakeTime } from "./handshake-time.ts";

/** A stock viewer that has shown a token in RFB. */
export interface RfbViewer {
  readonly waiting: WaitingViewer;
  readonly address: string;
  /** null if what it showed was empty. */
  readonly token: Token | null;
  /** To be called once the token has shown to be good. */
  readonly tokenShown: () => void;
  /** For the whole handshake. */
  readonly time: HandshakeTime;
}

/**
 * Talks to a stock viewer that waits for its SecurityResult.
 *
 * ```
 * us -> U32 0                                   when the backend is ready
 * us -> U32 1, U32 length, reason               otherwise; the reason in 3.8 only
 * ```
 */
export class RfbFront implements ViewerFront {
  readonly name: string;
  readonly #viewer: RfbViewer;

  constructor(viewer: RfbViewer) {
    this.#viewer = viewer;
    this.name = `rfb-${viewer.waiting.security}`;
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
    // A viewer is no page: there is no Origin to compare.
  }

  begin(): Promise<void> {
    this.#viewer.tokenShown();
    // The viewer waits for SecurityResult: what it says is for the backend to decide.
    return Promise.resolve();
  }

  admit(): Promise<Duplex> {
    writeSecurityResultOk(this.#viewer.waiting);
    return Promise.resolve(this.#viewer.waiting.stream);
  }

  refuse(reason: CloseReason): Promise<void> {
    writeSecurityResultFailed(this.#viewer.waiting, closeReasons[reason].words);
    return this.close();
  }

  close(): Promise<void> {
    closeGently(this.#viewer.waiting.stream);
    return Promise.resolve();
  }
}
