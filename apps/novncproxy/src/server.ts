import { fileURLToPath } from "node:url";
import { listen, loadTlsSettings, networksOf, type TlsSettings } from "@nova-console/listener";
import { ListeningProxy } from "@nova-console/service";
import {
  loadBackendSecurity,
  type PortCheck,
  type SessionRecord,
  Sessions,
  type SessionSlots,
} from "@nova-console/session";
import type { TokenStore } from "@nova-console/token";
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
  warn(message: string): unknown;
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
  /** Told when a viewer gets its screen. @param openingMs - since it asked for it */
  readonly onSessionOpen?: ((front: string, openingMs: number) => void) | undefined;
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
  const door = new Door(options, files, tls);
  const listener = await listen({
    host: settings.host,
    port: settings.port,
    reusePort,
    socket,
    preferIpv6: settings.preferIpv6,
    tls,
    tlsOnly: settings.tls.sslOnly,
    firstByteTimeoutMs: Math.min(FIRST_BYTE_TIMEOUT_MS, settings.session.handshakeTimeoutMs),
    maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
    speakForOthers:
      settings.speakForOthers === null ? undefined : networksOf(settings.speakForOthers),
    onConnection: (connected, connection) => {
      door.http.accept(connected, connection);
    },
    onRefused: (viewer, why) => {
      log.debug("connection refused", { viewer, why });
    },
  });
  return new ListeningProxy({
    ...{ listener, door: door.http, sessions: door.sessions },
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
  #viewerAccess: ViewerAccess | null;
  #front: WebSocketFrontSettings;

  constructor(options: NovncProxyOptions, files: StaticFiles, tls: TlsSettings | null) {
    const { settings, tokens, portCheck, slots, now, wallClock, onSessionEnd, onSessionOpen } =
      options;
    this.#log = options.log;
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
      backendSecurity: loadBackendSecurity(settings.backendSecurity),
      now,
      wallClock,
      onOpen: onSessionOpen,
      onEnd: onSessionEnd,
    });
    this.http = new HttpDoor({
      headTimeoutMs: settings.session.handshakeTimeoutMs,
      stallTimeoutMs: STALL_TIMEOUT_MS,
      onRequest: async (request, response) => {
        const access = this.#viewerAccess;
        const isAnswered = await respondWithViewerFile(request, response, tokens, access);
        if (!isAnswered) await files.respond(request, response);
      },
      onUpgrade: (upgrade) => {
        this.#onUpgrade(upgrade);
      },
    });
  }

  /** New connections get the allowed origins and the files for viewers of these settings. */
  reload(settings: NovncProxySettings, tls: TlsSettings | null): void {
    this.#front = { ...this.#front, origins: new OriginPolicy(settings.allowedOrigins) };
    this.#viewerAccess = this.#openViewerAccess(settings, tls);
  }

  /** What is of no use there is no reason not to serve the page. */
  #openViewerAccess({ viewers }: NovncProxySettings, tls: TlsSettings | null): ViewerAccess | null {
    return openViewerAccess(viewers, tls !== null, (problem) => {
      this.#log.warn(`files for desktop viewers: ${problem.message}`);
    });
  }

  #onUpgrade(upgrade: Upgrade): void {
    const problem = handshakeProblem(upgrade.request.headers);
    if (problem === null) void this.sessions.open(new WebSocketFront(upgrade, this.#front));
    else writeError(upgrade.socket, 400, problem);
  }
}
