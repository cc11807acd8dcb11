import type { BlockList, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { TlsSettings } from "./tls-settings.ts";

/** What is known of a connection beside its bytes. */
export interface ConnectionInfo {
  /** Whether it came in TLS. */
  readonly secure: boolean;
  /**
   * What the peer's first word begins with, inside TLS if it came so; null if it said nothing
   * within `firstWordTimeoutMs`, or that is absent and it came in TLS.
   */
  readonly firstByte: number | null;
  /** When it was accepted, by the clock of {@link ListenOptions.now}. */
  readonly acceptedMs: number;
  /** The peer's IP address; an IPv4 one is plain IPv4 on a dual-stack socket too. */
  readonly viewerAddress: string;
  /**
   * To be called when the peer has shown a valid token: it no longer counts against
   * `maxConnectionsPerAddress` and `maxConnectionsWithoutToken`. Calling it again does nothing.
   */
  readonly tokenShown: () => void;
  /** Says, request by request, whom the connection counts for. */
  readonly place: ConnectionPlace;
}

/** A connection's place among those that have not shown a valid token. */
export interface ConnectionPlace {
  /**
   * Counts the connection for one client, and for no other one any more.
   *
   * @param address - the client's
   * @returns false if that client has its most: the connection counts for no client
   */
  countAs(address: string): boolean;
  /**
   * Counts the connection for no client until `countAs`: it waits for another request, and is among
   * the first to be closed when there are too many.
   */
  rest(): void;
}

/** `maxConnectionsPerAddress` or `maxConnectionsWithoutToken`. */
export type ConnectionLimit = "per-address" | "in-all";

/** What {@link listen} needs. */
export interface ListenOptions {
  /** IP address or host name; `::` is both families where the system has both. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Lets other processes listen there as well: the kernel shares the connections out among them. */
  readonly reusePort?: boolean;
  /**
   * File descriptor of a TCP socket that listens already, made by somebody who keeps it: to accept
   * from. `close` closes this one only, and what waits in its queue is for whoever accepts next.
   */
  readonly socket?: number | null;
  /** `source_is_ipv6`: of a host name's addresses take an IPv6 one. */
  readonly preferIpv6?: boolean;
  /** null refuses TLS. */
  readonly tls: TlsSettings | null;
  /** `ssl_only`: refuses what is not TLS. */
  readonly tlsOnly: boolean;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  /** From accept to the first byte; with TLS to the end of its handshake, and a PROXY header included. */
  readonly firstByteTimeoutMs: number;
  /**
   * Silence after which a peer is handed over all the same, as one that waits for the server to
   * speak; inside TLS it counts anew. Absent: a silent peer is refused.
   */
  readonly firstWordTimeoutMs?: number;
  /**
   * Load balancers that say whom they speak for before each connection's first byte, by the PROXY
   * protocol; whoever else connects speaks for itself.
   */
  readonly speakForOthers?: BlockList | undefined;
  /** Silence after which TCP asks whether the peer is still there; the system's (2 h) if absent. */
  readonly keepAliveMs?: number;
  /**
   * Load balancers whose requests say whom they speak for: their connections count for no client
   * before the caller's `countAs`.
   */
  readonly countByRequest?: BlockList | undefined;
  /** Most connections of one address, or one /64 of IPv6, that have not shown a valid token yet. */
  readonly maxConnectionsPerAddress: number;
  /** Most connections of all addresses that have not; one more closes the oldest. */
  readonly maxConnectionsWithoutToken: number;
  /** Takes a connection over: not flowing, all bytes unread, with an `error` listener. */
  readonly onConnection: (socket: Socket | TLSSocket, info: ConnectionInfo) => void;
  /** Hears of connections that were closed before they were handed over. `why` is for the log. */
  readonly onRefused?: (address: string, why: string) => void;
  /** Hears of each connection that a limit refused or closed, at any time of its life. */
  readonly onLimit: (address: string, limit: ConnectionLimit) => void;
}

/** A port that is being listened on. */
export interface Listener {
  /** What was bound, for the log and for port 0. */
  address(): { readonly host: string; readonly port: number };
  /**
   * New connections get these settings, open ones keep theirs.
   *
   * @throws {@link TlsSettingsError} for null where there was TLS: a certificate file that is just
   *   being replaced must not turn encryption off
   */
  reloadTls(tls: TlsSettings | null): void;
  /**
   * Stops accepting at once; what was accepted is still handed over.
   *
   * @returns when nothing is left to hand over, for which each connection has its time
   */
  drain(): Promise<void>;
  /** Stops accepting, and drops what was not handed over yet. Connections handed over live on. */
  close(): Promise<void>;
}
