import type { BlockList } from "node:net";
import { fileURLToPath } from "node:url";
import { BackendPolicy } from "@nova-console/connector";
import { listen, loadTlsSettings, networksOf, type TlsSettings } from "@nova-console/listener";
import {
  ConnectionLimitReport,
  type ConnectionLimitOption,
  createLoggedThrottle,
  ListeningProxy,
  RepeatedLines,
  TOKEN_LIMITS,
} from "@nova-console/service";
import {
  closeReasons,
  loadBackendSecurity,
  type PortCheck,
  type SessionFacts,
  type SessionRecord,
  Sessions,
  type SessionSlots,
} from "@nova-console/session";
import type { TokenStore } from "@nova-console/token";
import {
  type Admission,
  type Throttle,
  type ThrottleLimits,
  untilLeft,
} from "@nova-console/throttle";
import { openViewerAccess, type ViewerAccess } from "@nova-console/viewer-files";
import { writeError } from "./error-page.ts";
import { HttpDoor, type Upgrade } from "./http-door.ts";
import { KeepAlive } from "./keep-alive.ts";
import { OriginPolicy } from "./origin-policy.ts";
import type { NovncProxySettings } from "./settings.ts";
import { StaticFiles } from "./static-files.ts";
import { handshakeProblem } from "./upgrade-handshake.ts";
import { respondWithViewerFile } from "./viewer-file-response.ts";
import { WebSocketAcceptor } from "./web-socket-acceptor.ts";
import { WebSocketFront, type WebSocketFrontSettings } from "./websocket-front.ts";

/** Where the build puts our page, beside both `src` and `dist`. */
const OWN_PAGE = fileURLToPath(new URL("../dist-page", import.meta.url));

/** nova's: a connection that says nothing is no browser's. */
const FIRST_BYTE_TIMEOUT_MS = 3_000;

/** For a response of which the viewer takes no byte. */
const STALL_TIMEOUT_MS = 30_000;

/** Longest frame of a viewer that is only told why it gets no console: a version is 12 bytes. */
const MAX_REFUSED_FRAME_BYTES = 4_096;

/**
 * Most pieces of one message: browsers split long ones into tens of KiB each. A piece keeps alive the whole
 * read it came in, so that they hold 4 MiB at most.
 */
const MAX_FRAGMENTS = 64;

/** The same of a viewer that is only told why not: one for each byte of a version. */
const MAX_REFUSED_FRAGMENTS = 12;

/** What the proxy tells its operator of what is no session. */
interface Log {
  debug(message: string, fields?: object): unknown;
  info(message: string, fields?: object): unknown;
  warn(message: string, fields?: object): void;
}

/** What {@link startNovncProxy} needs. */
export interface NovncProxyOptions {
  readonly settings: NovncProxySettings;
  /** Asked for each token; closed by its owner. */
  readonly tokens: TokenStore;
  /** Asked whether a port is still its instance's; closed by its owner. Absent: that is taken for granted. */
  readonly portCheck?: PortCheck | undefined;
  readonly log: Log;
  /** Told once of each session, when it has ended. */
  readonly onSessionEnd: (record: SessionRecord) => void;
  /** Called when a viewer gets its screen; `durationMs` is the time since it asked for it. */
  readonly onSessionOpen?: ((session: SessionFacts) => void) | undefined;
  /** Told of each connection that a limit refused or closed. @param limit - the option's name */
  readonly onConnectionRefused?: ((limit: ConnectionLimitOption) => void) | undefined;
  /** Told of each attempt with a token that is not made at once, as its address fails too often. */
  readonly onThrottled?: ((kind: "token", outcome: "delayed" | "refused") => void) | undefined;
  /** How attempts with wrong tokens are limited; absent: {@link TOKEN_LIMITS}. */
  readonly tokenLimits?: ThrottleLimits | undefined;
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

/** A proxy that listens; its reload takes over TLS settings, allowed origins and files for viewers. */
export type NovncProxy = ListeningProxy<NovncProxySettings>;

/**
 * Starts nova-novncproxy: listener, page, WebSockets, sessions.
 *
 * @throws {@link WebRootError}, and the listener's errors, if it cannot serve what it is told to
 */
export async function startNovncProxy(options: NovncProxyOptions): Promise<NovncProxy> {
  const { settings, log, reusePort = false, socket = null } = options;
  const { web } = settings;
  const files = await StaticFiles.open(web ?? OWN_PAGE, web === null ? "ours" : "operator");
  const tls = loadTlsSettings(settings.tls);
  if (tls === null) log.info("TLS is off: no certificate file", { cert: settings.tls.cert });
  const trusted =
    settings.trustedProxies.length === 0 ? undefined : networksOf(settings.trustedProxies);
  const door = new Door(options, files, tls, trusted);
  const listener = await listen({
    host: settings.host,
    port: settings.port,
    reusePort,
    socket,
    preferIpv6: settings.preferIpv6,
    tls,
    tlsOnly: settings.tls.sslOnly,
    now: options.now,
    firstByteTimeoutMs: Math.min(FIRST_BYTE_TIMEOUT_MS, settings.session.handshakeTimeoutMs),
    maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
    maxConnectionsWithoutToken: settings.maxConnectionsWithoutToken,
    speakForOthers: settings.proxyProtocol ? trusted : undefined,
    countByRequest: trusted,
    onConnection: (connected, connection) => {
      door.http.accept(connected, connection);
    },
    onRefused: (viewer, why) => {
      log.debug("connection refused", { viewer, why });
    },
    onLimit: (address, limit) => {
      door.limits.add(address, limit);
    },
  });
  return new ListeningProxy({
    ...{ listener, door, sessions: door.sessions },
    drainTimeoutMs: settings.drainTimeoutMs,
    reload: (next) => {
      const renewed = loadTlsSettings(next.tls);
      listener.reloadTls(renewed);
      door.reload(next, renewed);
    },
  });
}

/** Makes sessions of WebSockets, and answers other requests. */
class Door {
  readonly http: HttpDoor;
  readonly sessions: Sessions;
  readonly #log: Log;
  /** Hears of connections that the listener refused or closed. */
  readonly limits: ConnectionLimitReport;
  readonly #lines: RepeatedLines;
  readonly #throttle: Throttle;
  /** Upgrades that wait before their token is looked at. */
  readonly #delayed = new Set<Promise<unknown>>();
  #viewerAccess: ViewerAccess | null;
  #front: WebSocketFrontSettings;

  constructor(
    options: NovncProxyOptions,
    files: StaticFiles,
    tls: TlsSettings | null,
    trustedProxies: BlockList | undefined,
  ) {
    const { settings, tokens, portCheck, slots, now, wallClock, onSessionEnd, onSessionOpen } =
      options;
    this.#log = options.log;
    this.#lines = new RepeatedLines(options.log);
    this.limits = new ConnectionLimitReport({
      log: options.log,
      settings,
      count: options.onConnectionRefused,
    });
    this.#throttle = createLoggedThrottle({
      ...{ kind: "token", limits: options.tokenLimits ?? TOKEN_LIMITS },
      ...{ workers: options.workers ?? 1, lines: this.#lines, now },
      onThrottled: (outcome) => options.onThrottled?.("token", outcome),
    });
    this.#viewerAccess = this.#openViewerAccess(settings, tls);
    this.#front = {
      origins: new OriginPolicy(settings.allowedOrigins),
      sessions: new WebSocketAcceptor(settings.session.bufferLimitBytes, MAX_FRAGMENTS),
      refusals: new WebSocketAcceptor(MAX_REFUSED_FRAME_BYTES, MAX_REFUSED_FRAGMENTS),
      keepAlive: new KeepAlive(settings.pingIntervalMs),
    };
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
    this.http = new HttpDoor({
      headTimeoutMs: settings.session.handshakeTimeoutMs,
      stallTimeoutMs: STALL_TIMEOUT_MS,
      trustedProxies,
      onRequest: async (request, response, viewerAddress) => {
        const isAnswered = await respondWithViewerFile(request, response, {
          ...{ tokens, access: this.#viewerAccess, throttle: this.#throttle, viewerAddress },
        });
        if (!isAnswered) await files.respond(request, response);
      },
      onUpgrade: (upgrade) => {
        this.#onUpgrade(upgrade);
      },
    });
  }

  /** @returns when every connection has become a session, or was refused, for which each has its time */
  async drain(): Promise<void> {
    await this.http.drain();
    while (this.#delayed.size > 0) await Promise.all(this.#delayed);
  }

  /** Closes each connection that is no session yet. */
  close(): void {
    this.http.close();
    this.#throttle.close();
    this.#lines.flush();
    this.limits.close();
  }

  /** New connections get the allowed origins and the files for viewers of these settings. */
  reload(settings: NovncProxySettings, tls: TlsSettings | null): void {
    this.#front = { ...this.#front, origins: new OriginPolicy(settings.allowedOrigins) };
    this.#viewerAccess = this.#openViewerAccess(settings, tls);
  }

  /** What is of no use there is no reason not to serve the page. */
  #openViewerAccess({ viewers }: NovncProxySettings, tls: TlsSettings | null): ViewerAccess | null {
    return openViewerAccess(viewers, tls !== null, (problem) => {
      // nova-xvpvncproxy says so itself, where it runs: not every host has it.
      this.#log.info(`files for desktop viewers: ${problem.message}`);
    });
  }

  #onUpgrade(upgrade: Upgrade): void {
    const problem = handshakeProblem(upgrade.request.headers);
    if (problem === null) void this.#serve(upgrade);
    else writeError(upgrade.socket, 400, problem);
  }

  async #serve(upgrade: Upgrade): Promise<void> {
    const { viewerAddress } = upgrade.connection;
    const delay = this.#throttle.admit(viewerAddress, untilLeft(upgrade.socket));
    if (delay !== null) {
      this.#delayed.add(delay);
      const admission = await delay;
      this.#delayed.delete(delay);
      if (admission !== "admitted") {
        this.#turnAway(upgrade, admission);
        return;
      }
    }
    const { reason } = await this.sessions.open(new WebSocketFront(upgrade, this.#front));
    if (reason === "token-invalid") this.#throttle.failed(viewerAddress);
  }

  #turnAway({ socket, connection }: Upgrade, admission: Exclude<Admission, "admitted">): void {
    if (admission === "left") {
      socket.destroy();
      return;
    }
    const { words, httpStatus } = closeReasons["too-many-attempts"];
    const seconds = Math.max(1, this.#throttle.retryAfterSeconds(connection.viewerAddress));
    writeError(socket, httpStatus, words, [`Retry-After: ${seconds}`]);
  }
}
