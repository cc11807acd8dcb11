import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { BackendPolicy } from "@nova-console/connector";
import {
  type ConnectionInfo,
  createTlsAcceptor,
  listen,
  loadTlsSettings,
  networksOf,
  secureContextOptions,
  type TlsSettings,
} from "@nova-console/listener";
import { anonymousTlsOptions, type ViewerTls, x509TlsOptions } from "@nova-console/rfb";
import {
  ConnectionLimitReport,
  type ConnectionLimitOption,
  createLoggedThrottle,
  ListeningProxy,
  type Logger,
  RepeatedLines,
  TOKEN_LIMITS,
} from "@nova-console/service";
import {
  loadBackendSecurity,
  type PortCheck,
  type SessionFacts,
  type SessionRecord,
  Sessions,
  type SessionSlots,
  type ViewerFront,
} from "@nova-console/session";
import type { Throttle, ThrottleLimits } from "@nova-console/throttle";
import {
  openViewerPasswordSecret,
  TokenStoreSettingError,
  type TokenDirectory,
  type TokenStore,
} from "@nova-console/token";
import { effectiveViewerSecurity, viewerAddressOf } from "@nova-console/viewer-files";
import { PASSWORD_LIMITS } from "./password-limits.ts";
import { RfbDoor } from "./rfb-door.ts";
import type { XvpVncProxySettings } from "./settings.ts";
import { ViewerPasswordSearch } from "./viewer-password-search.ts";
import { XvpDoor } from "./xvp-door.ts";

/** The first byte of a viewer's ProtocolVersion, from one that does not wait for ours. */
const FIRST_OF_RFB = 0x52;

/** What a viewer shows. */
type ViewerAttempt = "token" | "password";

/** What {@link startXvpVncProxy} needs. */
export interface XvpVncProxyOptions {
  readonly settings: XvpVncProxySettings;
  /** Asked for each token; closed by its owner. */
  readonly tokens: TokenStore & TokenDirectory;
  /** Asked whether a port is still its instance's; closed by its owner. Absent: that is taken for granted. */
  readonly portCheck?: PortCheck | undefined;
  readonly log: Logger;
  readonly onSessionEnd: (record: SessionRecord) => void;
  /** Called when a viewer gets its screen; `durationMs` is the time since it asked for it. */
  readonly onSessionOpen?: ((session: SessionFacts) => void) | undefined;
  /** Told of each connection that a limit refused or closed. @param limit - the option's name */
  readonly onConnectionRefused?: ((limit: ConnectionLimitOption) => void) | undefined;
  /** Told of each attempt that is not made at once, as its address fails too often. */
  readonly onThrottled?:
    ((kind: ViewerAttempt, outcome: "delayed" | "refused") => void) | undefined;
  /** How wrong ones are limited; absent: {@link TOKEN_LIMITS} and {@link PASSWORD_LIMITS}. */
  readonly attemptLimits?: Readonly<Record<ViewerAttempt, ThrottleLimits>> | undefined;
  /** How many processes listen on the same port; absent: 1. */
  readonly workers?: number;
  /** Whether other workers listen on the same port. */
  readonly reusePort?: boolean;
  /** File descriptor of a socket that listens already; null or absent: host and port are bound. */
  readonly socket?: number | null;
  /** Counts the sessions of all workers; absent: this is the only process. */
  readonly slots?: SessionSlots | undefined;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
}

const ATTEMPT_LIMITS = { token: TOKEN_LIMITS, password: PASSWORD_LIMITS };

/** A proxy that listens; its reload takes over the TLS settings. */
export type XvpVncProxy = ListeningProxy<XvpVncProxySettings>;

/**
 * Starts nova-xvpvncproxy: listener, XVP handshake, sessions.
 *
 * @throws the listener's errors, if it cannot listen or the certificate is no good
 */
export async function startXvpVncProxy(options: XvpVncProxyOptions): Promise<XvpVncProxy> {
  const { settings, log, reusePort = false, socket = null } = options;
  const tls = loadTlsSettings(settings.tls);
  const door = new Door(options, tls);
  if (tls === null) log.info("TLS is off: no certificate file", { cert: settings.tls.cert });
  const listener = await listen({
    host: settings.host,
    port: settings.port,
    reusePort,
    socket,
    preferIpv6: settings.preferIpv6,
    tls,
    tlsOnly: settings.tls.sslOnly,
    firstWordTimeoutMs: settings.firstWordTimeoutMs,
    now: options.now,
    firstByteTimeoutMs: settings.session.handshakeTimeoutMs,
    keepAliveMs: settings.pingIntervalMs,
    maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
    maxConnectionsWithoutToken: settings.maxConnectionsWithoutToken,
    speakForOthers: settings.proxyProtocol ? networksOf(settings.trustedProxies) : undefined,
    onConnection: (socket, connection) => {
      door.receive(socket, connection);
    },
    onRefused: (viewer, why) => {
      log.debug("connection refused", { viewer, why });
    },
    onLimit: (address, limit) => {
      door.limits.add(address, limit);
    },
  });
  return new ListeningProxy({
    ...{ listener, door, sessions: door.sessions, drainTimeoutMs: settings.drainTimeoutMs },
    reload: (next) => {
      const renewed = loadTlsSettings(next.tls);
      listener.reloadTls(renewed);
      door.renewTls(renewed);
    },
  });
}

/** Tells by its first byte what a connection speaks, and hands it to those who speak it too. */
class Door {
  readonly sessions: Sessions;
  readonly #xvp: XvpDoor;
  readonly #rfb: RfbDoor;
  readonly #log: Logger;
  /** Hears of connections that the listener refused or closed. */
  readonly limits: ConnectionLimitReport;
  readonly #lines: RepeatedLines;
  readonly #throttles: Readonly<Record<ViewerAttempt, Throttle>>;
  /** Connections that are no sessions yet. */
  readonly #deciding = new Set<Promise<unknown>>();

  constructor(options: XvpVncProxyOptions, tls: TlsSettings | null) {
    const { settings, tokens, portCheck, slots, now, wallClock, log, onSessionEnd, onSessionOpen } =
      options;
    const { workers = 1, onThrottled, attemptLimits = ATTEMPT_LIMITS } = options;
    const { handshakeTimeoutMs } = settings.session;
    this.#log = log;
    this.#lines = new RepeatedLines(log);
    this.limits = new ConnectionLimitReport({
      log: log,
      settings,
      count: options.onConnectionRefused,
    });
    const throttleOf = (kind: ViewerAttempt): Throttle =>
      createLoggedThrottle({
        ...{ kind, limits: attemptLimits[kind] },
        ...{ workers, lines: this.#lines, now },
        onThrottled: (outcome) => onThrottled?.(kind, outcome),
      });
    this.#throttles = { token: throttleOf("token"), password: throttleOf("password") };
    this.sessions = new Sessions({
      tokens,
      portCheck,
      settings: settings.session,
      slots,
      backendPolicy: new BackendPolicy(settings.backends),
      backendSecurity: loadBackendSecurity(settings.backendSecurity),
      now,
      wallClock,
      onOpen: onSessionOpen,
      onEnd: onSessionEnd,
    });
    const listed = effectiveViewerSecurity(settings.viewerSecurity, tls !== null);
    const passwordSecret = listed.includes("VncAuth") ? openPasswordSecret(settings, log) : null;
    const security = listed.filter((way) => way !== "VncAuth" || passwordSecret !== null);
    const access = { address: viewerAddressOf(settings.baseUrl), security, passwordSecret };
    this.#xvp = new XvpDoor({
      ...{ tokens, access, throttle: this.#throttles.token, handshakeTimeoutMs, now, log },
    });
    warnOfClearTokens(settings.viewerSecurity, log);
    this.#rfb = new RfbDoor({
      security,
      tlsOnly: settings.tls.sslOnly,
      tls: viewerTlsOf(tls),
      passwords: passwordSecret === null ? null : new ViewerPasswordSearch(tokens, passwordSecret),
      throttles: this.#throttles,
      handshakeTimeoutMs,
      credentialTimeoutMs: settings.credentialTimeoutMs,
      maxWaitingForCredential: settings.maxWaitingForCredential,
      now,
      onEnd: onSessionEnd,
      log,
      lines: this.#lines,
    });
  }

  receive(socket: Socket, connection: ConnectionInfo): void {
    const { firstByte } = connection;
    const waitsForUs = firstByte === null || firstByte === FIRST_OF_RFB;
    const door = waitsForUs ? this.#rfb : this.#xvp;
    this.#serve(door.frontOf(socket, connection)).catch((error: unknown) => {
      this.#log.error("a connection failed: this is a bug", { error });
      socket.destroy();
    });
  }

  /** @returns when every connection has become a session, or was refused, for which each has its time */
  async drain(): Promise<void> {
    while (this.#deciding.size > 0) await Promise.allSettled(this.#deciding);
  }

  /** Resolves when the session has ended. */
  async #serve(deciding: Promise<ViewerFront | null>): Promise<void> {
    this.#deciding.add(deciding);
    let front: ViewerFront | null;
    try {
      front = await deciding;
    } finally {
      this.#deciding.delete(deciding);
    }
    if (front === null) return;
    const { reason } = await this.sessions.open(front);
    if (reason === "token-invalid") this.#throttles.token.failed(front.viewerAddress);
  }

  /** New stock viewers get this certificate. */
  renewTls(tls: TlsSettings | null): void {
    this.#rfb.renewTls(viewerTlsOf(tls));
  }

  /** Drops those who have not said what they want. */
  close(): void {
    this.#xvp.close();
    this.#rfb.close();
    for (const throttle of Object.values(this.#throttles)) throttle.close();
    this.#lines.flush();
    this.limits.close();
  }
}

function viewerTlsOf(tls: TlsSettings | null): ViewerTls {
  return {
    x509: tls === null ? null : createTlsAcceptor(x509TlsOptions(secureContextOptions(tls))),
    anonymous: createTlsAcceptor(anonymousTlsOptions()),
  };
}

/** @returns null where VncAuth cannot be offered; the log says why if the operator can change that */
function openPasswordSecret(
  { viewerPasswordSecretFile: file, viewerSecurity }: XvpVncProxySettings,
  log: Logger,
): Buffer | null {
  if (file === null) {
    const listed: readonly string[] = viewerSecurity;
    if (listed.includes("VncAuth")) {
      log.warn(
        "VncAuth is not offered: passwords are not found with this [console_proxy] token_store",
      );
    }
    return null;
  }
  try {
    return openViewerPasswordSecret(file);
  } catch (error) {
    // A file that is there and wrong is a mistake; one that cannot be made costs VncAuth only.
    if (!(error instanceof TokenStoreSettingError) || existsSync(file)) throw error;
    log.warn(`VncAuth is not offered: ${error.message}`);
    return null;
  }
}

/** What the operator asked for by name, and may not have meant. */
function warnOfClearTokens(listed: readonly string[], log: Logger): void {
  const clear = listed.filter((way) => way === "Plain" || way === "xvp");
  if (clear.length === 0) return;
  log.warn(
    `[console_proxy] viewer_security lists ${clear.join(" and ")}: viewers that choose it send their ` +
      "token in clear",
  );
}
