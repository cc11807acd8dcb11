import type { Duplex } from "node:stream";
import {
  type ConnectionInfo,
  listen,
  type Listener,
  loadTlsSettings,
} from "@nova-console/listener";
import type { Logger } from "@nova-console/service";
import { loadBackendSecurity, type SessionRecord, Sessions } from "@nova-console/session";
import type { TokenStore } from "@nova-console/token";
import { closeGently } from "./close-gently.ts";
import { readRequestHead } from "./read-request-head.ts";
import { encodeRefusal } from "./reply.ts";
import type { XvpVncProxySettings } from "./settings.ts";
import { tokenOfTarget } from "./token-of-target.ts";
import { XvpFront } from "./xvp-front.ts";

/** What {@link startXvpVncProxy} needs. */
export interface XvpVncProxyOptions {
  readonly settings: XvpVncProxySettings;
  /** Asked for each token; closed by its owner. */
  readonly tokens: TokenStore;
  readonly log: Logger;
  readonly onSessionEnd: (record: SessionRecord) => void;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
}

/** A proxy that listens. */
export interface XvpVncProxy {
  address(): { readonly host: string; readonly port: number };
  /** Sessions that are open. */
  readonly sessions: number;
  /**
   * New connections get these TLS settings; what else changed needs a restart.
   *
   * @throws as {@link startXvpVncProxy}, and if there is no certificate any more; the old one is kept
   */
  reload(settings: XvpVncProxySettings): void;
  /** Stops accepting, lets open sessions end for as long as `drain_timeout` says, and closes. */
  stop(): Promise<void>;
}

/**
 * Starts nova-xvpvncproxy: listener, XVP handshake, sessions.
 *
 * @throws the listener's errors, if it cannot listen or the certificate is no good
 */
export async function startXvpVncProxy(options: XvpVncProxyOptions): Promise<XvpVncProxy> {
  const { settings, log } = options;
  const door = new Door(options);
  const tls = loadTlsSettings(settings.tls);
  if (tls === null) log.info("TLS is off: no certificate file", { cert: settings.tls.cert });
  const listener = await listen({
    host: settings.host,
    port: settings.port,
    preferIpv6: settings.preferIpv6,
    tls,
    tlsOnly: settings.tls.sslOnly,
    firstByteTimeoutMs: settings.session.handshakeTimeoutMs,
    keepAliveMs: settings.pingIntervalMs,
    maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
    onConnection: (socket, connection) => {
      door.receive(socket, connection);
    },
    onRefused: (viewer, why) => {
      log.debug("connection refused", { viewer, why });
    },
  });
  return new RunningProxy(listener, door, settings.drainTimeoutMs);
}

class RunningProxy implements XvpVncProxy {
  readonly #listener: Listener;
  readonly #door: Door;
  readonly #drainTimeoutMs: number;

  constructor(listener: Listener, door: Door, drainTimeoutMs: number) {
    this.#listener = listener;
    this.#door = door;
    this.#drainTimeoutMs = drainTimeoutMs;
  }

  get sessions(): number {
    return this.#door.sessions.size;
  }

  address(): { readonly host: string; readonly port: number } {
    return this.#listener.address();
  }

  reload(settings: XvpVncProxySettings): void {
    this.#listener.reloadTls(loadTlsSettings(settings.tls));
  }

  async stop(): Promise<void> {
    await this.#listener.close();
    this.#door.close();
    await this.#door.sessions.drain(this.#drainTimeoutMs);
  }
}

/** Turns connections into sessions. */
class Door {
  readonly sessions: Sessions;
  readonly #options: XvpVncProxyOptions;
  /** Connections whose head is not complete. */
  readonly #asking = new Set<Duplex>();

  constructor(options: XvpVncProxyOptions) {
    const { settings, tokens, now, onSessionEnd } = options;
    this.#options = options;
    this.sessions = new Sessions({
      tokens,
      settings: settings.session,
      backendSecurity: loadBackendSecurity(settings.backendSecurity),
      now,
      onEnd: onSessionEnd,
    });
  }

  receive(channel: Duplex, connection: ConnectionInfo): void {
    this.#serve(channel, connection).catch((error: unknown) => {
      this.#options.log.error("a connection failed: this is a bug", { error });
      channel.destroy();
    });
  }

  /** Drops those who have not said what they want. */
  close(): void {
    for (const channel of this.#asking) channel.destroy();
  }

  async #serve(channel: Duplex, { viewerAddress, tokenShown }: ConnectionInfo): Promise<void> {
    const { settings, log } = this.#options;
    this.#asking.add(channel);
    const outcome = await readRequestHead(channel, settings.session.handshakeTimeoutMs);
    this.#asking.delete(channel);
    switch (outcome.kind) {
      case "gone":
        channel.destroy();
        break;
      case "refused":
        log.debug("request refused", { viewer: viewerAddress, status: outcome.status });
        channel.write(encodeRefusal(outcome.status));
        closeGently(channel);
        break;
      case "complete": {
        const token = tokenOfTarget(outcome.head.target);
        await this.sessions.open(
          new XvpFront({ channel, address: viewerAddress, token, tokenShown }),
        );
      }
    }
  }
}
