import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import {
  type ConnectionInfo,
  type Listener,
  listen,
  loadTlsSettings,
  networksOf,
} from "@nova-console/listener";
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

/** Most pieces of one message: browsers split long ones into tens of KiB each. */
const MAX_FRAGMENTS = 256;

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
  /** Counts the sessions of all workers; absent: this is the only process. */
  readonly slots?: SessionSlots | undefined;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
}

/** A proxy that listens. */
export interface NovncProxy {
  address(): { readonly host: string; readonly port: number };
  /** Sessions that are open. */
  readonly sessions: number;
  /** Those sessions one by one. */
  readonly live: Pick<Sessions, "list" | "end">;
  /**
   * New connections get the certificate, TLS settings, allowed origins and files for viewers of these
   * settings; what else changed needs a restart.
   */
  reload(settings: NovncProxySettings): void;
  /** Stops accepting, lets open sessions end for as long as `drain_timeout` says, and closes. */
  stop(): Promise<void>;
}

/**
 * Starts nova-novncproxy: listener, page, WebSockets, sessions.
 *
 * @throws {@link WebRootError}, and the listener's errors, if it cannot serve what it is told to
 */
export async function startNovncProxy(options: NovncProxyOptions): Promise<NovncProxy> {
  const { web } = options.settings;
  const files = await StaticFiles.open(web ?? OWN_PAGE, web === null ? "ours" : "operator");
  const proxy = new Proxy(options, files);
  await proxy.listen();
  return proxy;
}

class Proxy implements NovncProxy {
  readonly #options: NovncProxyOptions;
  readonly #sessions: Sessions;
  readonly #door: HttpDoor;
  #viewerAccess: ViewerAccess | null = null;
  #front: WebSocketFrontSettings;
  #listener: Listener | null = null;

  constructor(options: NovncProxyOptions, files: StaticFiles) {
    const { settings, tokens, portCheck, slots, now, wallClock, onSessionEnd, onSessionOpen } =
      options;
    this.#options = options;
    this.#front = {
      origins: new OriginPolicy(settings.allowedOrigins),
      sessions: new WebSocketAcceptor(settings.session.bufferLimitBytes, MAX_FRAGMENTS),
      refusals: new WebSocketAcceptor(MAX_REFUSED_FRAME_BYTES, MAX_REFUSED_FRAGMENTS),
      keepAlive: new KeepAlive(settings.pingIntervalMs),
    };
    this.#sessions = new Sessions({
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
    this.#door = new HttpDoor({
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

  get live(): Pick<Sessions, "list" | "end"> {
    return this.#sessions;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  async listen(): Promise<void> {
    const { settings, log, reusePort = false } = this.#options;
    const tls = loadTlsSettings(settings.tls);
    if (tls === null) log.info("TLS is off: no certificate file", { cert: settings.tls.cert });
    this.#viewerAccess = this.#openViewerAccess(settings, tls !== null);
    this.#listener = await listen({
      host: settings.host,
      port: settings.port,
      reusePort,
      preferIpv6: settings.preferIpv6,
      tls,
      tlsOnly: settings.tls.sslOnly,
      firstByteTimeoutMs: Math.min(FIRST_BYTE_TIMEOUT_MS, settings.session.handshakeTimeoutMs),
      maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
      speakForOthers:
        settings.speakForOthers === null ? undefined : networksOf(settings.speakForOthers),
      onConnection: (socket: Socket, connection: ConnectionInfo) => {
        this.#door.accept(socket, connection);
      },
      onRefused: (address, why) => {
        log.debug("connection refused", { viewer: address, why });
      },
    });
  }

  address(): { readonly host: string; readonly port: number } {
    const { host, port } = this.#options.settings;
    return this.#listener?.address() ?? { host, port };
  }

  reload(settings: NovncProxySettings): void {
    const tls = loadTlsSettings(settings.tls);
    this.#front = { ...this.#front, origins: new OriginPolicy(settings.allowedOrigins) };
    this.#viewerAccess = this.#openViewerAccess(settings, tls !== null);
    this.#listener?.reloadTls(tls);
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    this.#door.close();
    await this.#sessions.drain(this.#options.settings.drainTimeoutMs);
  }

  /** What is of no use there is no reason not to serve the page. */
  #openViewerAccess({ viewers }: NovncProxySettings, hasCertificate: boolean): ViewerAccess | null {
    return openViewerAccess(viewers, hasCertificate, (problem) => {
      this.#options.log.warn(`files for desktop viewers: ${problem.message}`);
    });
  }

  #onUpgrade(upgrade: Upgrade): void {
    const problem = handshakeProblem(upgrade.request.headers);
    if (problem === null) void this.#sessions.open(new WebSocketFront(upgrade, this.#front));
    else writeError(upgrade.socket, 400, problem);
  }
}
