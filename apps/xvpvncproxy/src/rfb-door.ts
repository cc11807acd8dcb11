import type { Socket } from "node:net";
import type { ConnectionInfo } from "@nova-console/listener";
import {
  exchangeVersions,
  readViewerCredential,
  type ViewerSecurity,
  type ViewerTls,
  type WaitingViewer,
  writeSecurityResultFailed,
} from "@nova-console/rfb";
import type { Logger, RepeatedLines } from "@nova-console/service";
import { closeReasons } from "@nova-console/session";
import { type Throttle, untilLeft } from "@nova-console/throttle";
import { Token } from "@nova-console/token";
import { closeGently } from "./close-gently.ts";
import { RfbFront } from "./rfb-front.ts";
import type { ViewerPasswordSearch, VncAnswer } from "./viewer-password-search.ts";

/** What {@link RfbDoor} needs. */
export interface RfbDoorOptions {
  /** What viewers may choose from, in the operator's order; never empty. */
  readonly security: readonly ViewerSecurity[];
  /** Whether only what encrypts may be offered to a viewer that did not come in TLS: `ssl_only`. */
  readonly tlsOnly: boolean;
  readonly tls: ViewerTls;
  /** Of VncAuth; null where it is not offered. */
  readonly passwords: ViewerPasswordSearch | null;
  /** Delays those who show wrong tokens again and again; of VncAuth's passwords, the same. */
  readonly throttles: { readonly token: Throttle; readonly password: Throttle };
  readonly handshakeTimeoutMs: number;
  readonly log: Logger;
  /** For what one viewer can cause again and again. */
  readonly lines: RepeatedLines;
}

/** Ways that encrypt the token and the session after it. */
const ENCRYPTED: ReadonlySet<ViewerSecurity> = new Set(["X509Plain", "TLSPlain"]);

/** Speaks RFB first to those who wait for it, until they show a token. */
export class RfbDoor {
  readonly #options: RfbDoorOptions;
  readonly #closing = new AbortController();
  #tls: ViewerTls;

  constructor(options: RfbDoorOptions) {
    this.#options = options;
    this.#tls = options.tls;
  }

  /** New viewers get these; those in their handshake keep theirs. */
  renewTls(tls: ViewerTls): void {
    this.#tls = tls;
  }

  /** Drops those who have not shown anything yet. */
  close(): void {
    this.#closing.abort(new Error("the proxy is being stopped"));
  }

  /** Takes a connection on which nothing was written. @returns null if it was refused */
  async frontOf(socket: Socket, connection: ConnectionInfo): Promise<RfbFront | null> {
    const { viewerAddress: address, tokenShown } = connection;
    const { log } = this.#options;
    let waiting: WaitingViewer;
    try {
      waiting = await this.#readCredential(socket, connection);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.debug("viewer refused", { viewer: address, why });
      closeGently(socket);
      return null;
    }
    const { credential, security } = waiting;
    const { token: ofTokens, password: ofPasswords } = this.#options.throttles;
    const throttle = credential.kind === "token" ? ofTokens : ofPasswords;
    if (!(await admit(waiting, throttle, address))) return null;
    if (credential.kind === "token") {
      // Not the user name: people type the token there.
      log.debug("viewer shows a token", { viewer: address, security });
      const token = credential.text === "" ? null : new Token(credential.text);
      return new RfbFront({ waiting, address, token, tokenShown });
    }
    // An attempt counts from its start, so that many at a time are limited as well.
    ofPasswords.failed(address);
    const found = await this.#findToken(credential, address);
    if (found !== null) ofPasswords.succeeded(address);
    // Nobody's answer goes on as a token that nobody has, so that it ends as every wrong token does.
    const token = found ?? new Token(credential.response.toString("hex"));
    return new RfbFront({ waiting, address, token, tokenShown });
  }

  async #findToken(answer: VncAnswer, address: string): Promise<Token | null> {
    try {
      return (await this.#options.passwords?.find(answer)) ?? null;
    } catch (error) {
      // The session asks the store as well, and tells the viewer what comes of it.
      const message = "cannot look viewer passwords up";
      const fields = { viewer: address, error };
      this.#options.lines.write({ level: "warn", message, address, reason: "store", fields });
      return null;
    }
  }

  async #readCredential(socket: Socket, { secure }: ConnectionInfo): Promise<WaitingViewer> {
    const { security, tlsOnly, handshakeTimeoutMs } = this.#options;
    const offered = tlsOnly && !secure ? security.filter((way) => ENCRYPTED.has(way)) : security;
    const deadline = AbortSignal.any([
      this.#closing.signal,
      AbortSignal.timeout(handshakeTimeoutMs),
    ]);
    const version = await exchangeVersions(socket, deadline);
    return readViewerCredential(socket, version, offered, this.#tls, deadline);
  }
}

/** @returns false if the viewer left before its delay was over, or was refused */
async function admit(
  waiting: WaitingViewer,
  throttle: Throttle,
  address: string,
): Promise<boolean> {
  const delay = throttle.admit(address, untilLeft(waiting.stream));
  if (delay === null) return true;
  const admission = await delay;
  if (admission === "left") waiting.stream.destroy();
  else if (admission === "refused") {
    writeSecurityResultFailed(waiting, closeReasons["too-many-attempts"].words);
    closeGently(waiting.stream);
  }
  return admission === "admitted";
}
