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
import type { Logger } from "@nova-console/service";
import { closeReasons } from "@nova-console/session";
import { Token } from "@nova-console/token";
import type { AttemptLimit } from "./attempt-limit.ts";
import { closeGently } from "./close-gently.ts";
import { RfbFront } from "./rfb-front.ts";
import type { ViewerPasswordSearch } from "./viewer-password-search.ts";

/** What {@link RfbDoor} needs. */
export interface RfbDoorOptions {
  /** What viewers may choose from, in the operator's order; never empty. */
  readonly security: readonly ViewerSecurity[];
  /** Whether only what encrypts may be offered to a viewer that did not come in TLS: `ssl_only`. */
  readonly tlsOnly: boolean;
  readonly tls: ViewerTls;
  /** Of VncAuth; null where it is not offered. */
  readonly passwords: ViewerPasswordSearch | null;
  readonly attempts: AttemptLimit;
  readonly handshakeTimeoutMs: number;
  readonly log: Logger;
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
    if (credential.kind === "token") {
      // Not the user name: people type the token there.
      log.debug("viewer shows a token", { viewer: address, security });
      const token = credential.text === "" ? null : new Token(credential.text);
      return new RfbFront({ waiting, address, token, tokenShown });
    }
    const attempt = await this.#options.attempts.take(address);
    if (attempt === null) {
      log.warn("too many wrong passwords: viewer refused", { viewer: address });
      writeSecurityResultFailed(waiting, closeReasons["too-many-attempts"].words);
      closeGently(waiting.stream);
      return null;
    }
    const found = await this.#findToken(credential);
    if (found !== null) attempt.wasRight();
    // Nobody's answer goes on as a token that nobody has, so that it ends as every wrong token does.
    const token = found ?? new Token(credential.response.toString("hex"));
    return new RfbFront({ waiting, address, token, tokenShown });
  }

  async #findToken(answer: { challenge: Buffer; response: Buffer }): Promise<Token | null> {
    try {
      return (await this.#options.passwords?.find(answer)) ?? null;
    } catch (error) {
      // The session asks the store as well, and tells the viewer what comes of it.
      this.#options.log.error("cannot look viewer passwords up", { error });
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
