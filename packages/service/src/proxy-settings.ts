import type { Config } from "@nova-console/config";
import { SettingError } from "./errors.ts";
import type { Slots, WorkerPlace } from "./program-spec.ts";
import type { TlsFiles } from "./read-tls-files.ts";

/** What both proxies take from nova.conf in the same way: plain values, in milliseconds and bytes. */
export interface ProxySettings {
  /** `source_is_ipv6`: of a host name's addresses, an IPv6 one. */
  readonly preferIpv6: boolean;
  /** As the listener's `loadTlsSettings` takes it. */
  readonly tls: {
    readonly cert: string;
    readonly key: string | null;
    readonly sslOnly: boolean;
    readonly ciphers: string | null;
    readonly minimumVersion: Config["console"]["ssl_minimum_version"];
    readonly files?: TlsFiles | undefined;
  };
  /** As the session's `loadBackendSecurity` takes it. */
  readonly backendSecurity: {
    readonly authSchemes: Config["vnc"]["auth_schemes"];
    readonly caCerts: string | null;
    readonly clientCert: string | null;
    readonly clientKey: string | null;
    readonly passwordFile: string | null;
  };
  /** Where tokens may lead, as the connector's `BackendPolicy` takes it. */
  readonly backends: {
    readonly networks: readonly string[];
    readonly socketDirs: readonly string[];
  };
  readonly maxConnectionsPerAddress: number;
  readonly maxConnectionsWithoutToken: number;
  /** Networks of load balancers whose word on their clients counts. */
  readonly trustedProxies: readonly string[];
  /** Whether they say it by the PROXY protocol. */
  readonly proxyProtocol: boolean;
  /** Between signs of life to a silent viewer; 0: none. */
  readonly pingIntervalMs: number;
  /** For open sessions at a stop; 0: until they end. */
  readonly drainTimeoutMs: number;
  /** As `Sessions` takes it. */
  readonly session: {
    readonly handshakeTimeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly idleTimeoutMs: number;
    readonly bufferLimitBytes: number;
    readonly endsWithToken: boolean;
    readonly maxSessions: number;
    readonly maxSessionsPerToken: number;
  };
}

/** Picks what both proxies have in common, so that the two cannot drift apart. */
export function proxySettingsOf(config: Config): ProxySettings {
  const { DEFAULT: main, console: tls, console_proxy: own, vnc } = config;
  return {
    preferIpv6: main.source_is_ipv6,
    tls: {
      cert: main.cert,
      key: main.key,
      sslOnly: main.ssl_only,
      ciphers: tls.ssl_ciphers,
      minimumVersion: tls.ssl_minimum_version,
    },
    backendSecurity: {
      authSchemes: vnc.auth_schemes,
      caCerts: vnc.vencrypt_ca_certs,
      clientCert: vnc.vencrypt_client_cert,
      clientKey: vnc.vencrypt_client_key,
      passwordFile: own.backend_password_file,
    },
    backends: backendSettingsOf(config),
    maxConnectionsPerAddress: own.max_connections_per_address,
    maxConnectionsWithoutToken: own.max_connections_without_token,
    trustedProxies: own.trusted_proxies,
    proxyProtocol: proxyProtocol(config),
    pingIntervalMs: milliseconds(own.ping_interval),
    drainTimeoutMs: milliseconds(own.drain_timeout),
    session: {
      handshakeTimeoutMs: milliseconds(own.handshake_timeout),
      connectTimeoutMs: milliseconds(own.connect_timeout),
      idleTimeoutMs: milliseconds(own.idle_timeout),
      bufferLimitBytes: own.buffer_limit,
      endsWithToken: config.consoleauth.enforce_session_timeout,
      maxSessions: own.max_sessions,
      maxSessionsPerToken: own.max_sessions_per_token,
    },
  };
}

/** Where tokens may lead, for those who dial and those who issue tokens. */
export function backendSettingsOf({ console_proxy: own }: Config): ProxySettings["backends"] {
  return { networks: own.backend_networks, socketDirs: own.backend_socket_dirs };
}

function proxyProtocol({ console_proxy: own }: Config): boolean {
  if (!own.proxy_protocol || own.trusted_proxies.length > 0) return own.proxy_protocol;
  throw new SettingError(
    "[console_proxy] proxy_protocol needs trusted_proxies: the addresses of the load balancers",
  );
}

/** The settings of one worker: the port that it shares, and its share of what one process may have. */
export function asWorker<
  S extends ProxySettings & { readonly host: string; readonly port: number },
>(settings: S, place: WorkerPlace | null): S {
  if (place === null) return settings;
  const { host, port, workers } = place;
  const { maxConnectionsPerAddress, maxConnectionsWithoutToken } = settings;
  return {
    ...{ ...withTlsFiles(settings, place.tlsFiles ?? undefined), host, port },
    maxConnectionsPerAddress: connectionsOfWorker(maxConnectionsPerAddress, workers),
    maxConnectionsWithoutToken: Math.ceil(maxConnectionsWithoutToken / workers),
  };
}

/** The same settings with certificate and key as other workers have them. @param files - absent: as on the disk */
export function withTlsFiles<S extends ProxySettings>(settings: S, files?: TlsFiles): S {
  return { ...settings, tls: { ...settings.tls, files } };
}

/** Standard deviations (of Poisson's distribution) from the mean that a worker's connections do not reach. */
const DEVIATIONS = 5;

/**
 * Computes what one worker may have of a limit for each address: its share, and what chance may add to
 * it. The kernel gives each new connection to any worker, so that some have many more than others.
 *
 * @param workers - how many processes share the port
 * @returns at most `limit`
 */
export function connectionsOfWorker(limit: number, workers: number): number {
  const share = limit / workers;
  return Math.min(limit, Math.ceil(share + DEVIATIONS * Math.sqrt(share)));
}

/** How many sessions all workers may have together, for `WorkersSpec.slots`. */
export function sessionSlotCounts({ session }: ProxySettings): Record<string, number> {
  return { sessions: session.maxSessions, sessionsPerToken: session.maxSessionsPerToken };
}

/** What {@link sessionSlotCounts} has come to, as `Sessions` takes it. */
export function sessionSlotsOf({ slots }: WorkerPlace): { all: Slots; perToken: Slots } {
  return { all: slots("sessions"), perToken: slots("sessionsPerToken") };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
