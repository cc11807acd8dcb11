import type { Socket } from "node:net";
import type { ConnectionInfo } from "@nova-console/listener";
import {
  type AskedViewer,
  askViewerCredential,
  exchangeVersions,
  type ProtocolVersion,
  type ViewerCredential,
  type ViewerSecurity,
  type ViewerTls,
  type WaitingViewer,
  writeSecurityResultFailed,
} from "@nova-console/rfb";
import type { Logger, RepeatedLines } from "@nova-console/service";
import { closeReasons, SessionRefusedError, type SessionRecord } from "@nova-console/session";
import { type Throttle, untilLeft } from "@nova-console/throttle";
import { Token } from "@nova-console/token";
import { closeGently } from "./close-gently.ts";
import { CredentialWaits } from "./credential-waits.ts";
import { HandshakeTime } from "./handshake-time.ts";
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
  /** From the choice of a security type to what the viewer shows. */
  readonly credentialTimeoutMs: number;
  /** Most viewers in that time. */
  readonly maxWaitingForCredential: number;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  /** Called for each viewer that was asked for a token and has not shown any in time. */
  readonly onEnd: (record: SessionRecord) => void;
  readonly log: Logger;
  /** For what one viewer can cause again and again. */
  readonly lines: RepeatedLines;
}

/** Ways that encrypt the token and the session after it. */
const ENCRYPTED: ReadonlySet<ViewerSecurity> = new Set(["X509Plain", "TLSPlain"]);

/** A viewer that has shown something, and waits for SecurityResult. */
interface ShownViewer {
  readonly waiting: WaitingViewer;
  readonly credential: ViewerCredential;
}

/** Speaks RFB first to those who wait for it, until they show a token. */
export class RfbDoor {
  readonly #options: RfbDoorOptions;
  readonly #closing = new AbortController();
  readonly #waits: CredentialWaits;
  #tls: ViewerTls;

  constructor(options: RfbDoorOptions) {
    this.#options = options;
    this.#waits = new CredentialWaits(options.credentialTimeoutMs, options.maxWaitingForCredential);
    this.#tls = options.tls;
  }

  /** New viewers get these; those in their handshake keep theirs. */
  renewTls(tls: ViewerTls): void {
    this.#tls = tls;
  }

  /** Ends those who have not shown anything yet. */
  close(): void {
    const stop = new SessionRefusedError("proxy-shutdown", "the proxy is being stopped");
    this.#closing.abort(stop);
    this.#waits.endAll(stop);
  }

  /** Takes a connection on which nothing was written. @returns null if it was refused */
  async frontOf(socket: Socket, connection: ConnectionInfo): Promise<RfbFront | null> {
    const { viewerAddress: address, tokenShown, acceptedMs } = connection;
    const { log, handshakeTimeoutMs, now } = this.#options;
    const time = new HandshakeTime(handshakeTimeoutMs, now, acceptedMs);
    const version = await this.#exchangeVersions(socket, connection, time);
    const shown =
      version === null ? null : await time.resting(this.#ask(socket, connection, version));
    if (shown === null) return null;
    const { waiting } = shown;
    const credential = this.#readAsPassword(shown.credential);
    const { token: ofTokens, password: ofPasswords } = this.#options.throttles;
    const throttle = credential.kind === "token" ? ofTokens : ofPasswords;
    if (!(await time.resting(admit(waiting, throttle, address)))) return null;
    if (credential.kind === "token") {
      // Not the user name: people type the token there.
      log.debug("viewer shows a token", { viewer: address, security: waiting.security });
      const token = credential.text === "" ? null : new Token(credential.text);
      return new RfbFront({ waiting, address, token, tokenShown, time });
    }
    // An attempt counts from its start, so that many at a time are limited as well.
    ofPasswords.failed(address);
    const found = await this.#findToken(credential, address);
    if (found !== null) ofPasswords.succeeded(address);
    // Nobody's answer goes on as a token that nobody has, so that it ends as every wrong token does.
    const { credential: first } = shown;
    const other = first.kind === "token" ? first.text : credential.response.toString("hex");
    const token = found ?? new Token(other);
    return new RfbFront({ waiting, address, token, tokenShown, time });
  }

  /** Takes a viewer password in a token's place for one: some viewers' password fields hold no more. */
  #readAsPassword(credential: ViewerCredential): ViewerCredential {
    if (credential.kind !== "token") return credential;
    const answer = this.#options.passwords?.answerOf(credential.text) ?? null;
    return answer === null ? credential : { kind: "response", ...answer };
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

  /** @returns null if the viewer speaks no RFB, or not in time */
  async #exchangeVersions(
    socket: Socket,
    connection: ConnectionInfo,
    time: HandshakeTime,
  ): Promise<ProtocolVersion | null> {
    const deadline = [this.#closing.signal, AbortSignal.timeout(time.leftMs)];
    try {
      return await exchangeVersions(socket, AbortSignal.any(deadline));
    } catch (error) {
      this.#refuse(socket, connection, error);
      return null;
    }
  }

  /** @returns null if the viewer was refused, or has shown nothing in time, of which it is told */
  async #ask(
    socket: Socket,
    connection: ConnectionInfo,
    version: ProtocolVersion,
  ): Promise<ShownViewer | null> {
    const { security, tlsOnly } = this.#options;
    const offered =
      tlsOnly && !connection.secure ? security.filter((way) => ENCRYPTED.has(way)) : security;
    const { signal, finish } = this.#waits.begin(connection.viewerAddress);
    let asked: AskedViewer | null = null;
    try {
      this.#closing.signal.throwIfAborted();
      asked = await askViewerCredential(socket, version, offered, this.#tls, signal);
      return { waiting: asked, credential: await asked.readCredential(signal) };
    } catch (error) {
      if (error instanceof SessionRefusedError) this.#end(asked, connection, error);
      this.#refuse(asked?.stream ?? socket, connection, error);
      return null;
    } finally {
      finish();
    }
  }

  #end(asked: AskedViewer | null, connection: ConnectionInfo, error: SessionRefusedError): void {
    const { now, onEnd } = this.#options;
    asked?.refuse(closeReasons[error.reason].words);
    onEnd({
      // It has not become one of the sessions that are counted.
      number: 0,
      front: asked === null ? "rfb" : `rfb-${asked.security}`,
      viewerAddress: connection.viewerAddress,
      ...{ tokenId: null, instanceUuid: null, backend: null },
      durationMs: Math.round(now() - connection.acceptedMs),
      ...{ bytesFromViewer: 0, bytesToViewer: 0 },
      ...{ reason: error.reason, detail: error.message, bug: null },
    });
  }

  #refuse(stream: Socket, { viewerAddress: viewer }: ConnectionInfo, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#options.log.debug("viewer refused", { viewer, why });
    closeGently(stream);
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
