import type { Logger } from "./logger.ts";
import type { ProxySettings } from "./proxy-settings.ts";

/** Options of `[console_proxy]` that limit connections, by the listener's names of the limits. */
export const connectionLimitOptions = {
  "per-address": "max_connections_per_address",
  "in-all": "max_connections_without_token",
} as const;

type Limit = keyof typeof connectionLimitOptions;

/** Name of an option that limits connections. */
export type ConnectionLimitOption = (typeof connectionLimitOptions)[Limit];

/** Time between two log lines about one limit. */
const INTERVAL_MS = 60_000;

/** What {@link ConnectionLimitReport} needs. */
export interface ConnectionLimitReportOptions {
  readonly log: Pick<Logger, "warn">;
  readonly settings: Pick<ProxySettings, "maxConnectionsPerAddress" | "maxConnectionsWithoutToken">;
  /** Called for each connection. */
  readonly count?: ((option: ConnectionLimitOption) => void) | undefined;
}

/**
 * Tells the operator of connections that a limit refused or closed, and what to do about it: the first
 * one at once, those of each following minute in one line.
 */
export class ConnectionLimitReport {
  readonly #options: ConnectionLimitReportOptions;
  /** Limits that were told of within the last minute, and what has come since. */
  readonly #untold = new Map<Limit, { count: number; address: string }>();

  constructor(options: ConnectionLimitReportOptions) {
    this.#options = options;
  }

  /** @param address - the connection's client */
  add(address: string, limit: Limit): void {
    this.#options.count?.(connectionLimitOptions[limit]);
    const untold = this.#untold.get(limit);
    if (untold === undefined) this.#tell(limit, 1, address);
    else {
      untold.count += 1;
      untold.address = address;
    }
  }

  #tell(limit: Limit, connections: number, address: string): void {
    const { log, settings } = this.#options;
    log.warn(words[limit](settings), { connections, address });
    const untold = { count: 0, address };
    this.#untold.set(limit, untold);
    setTimeout(() => {
      if (untold.count > 0) this.#tell(limit, untold.count, untold.address);
      else this.#untold.delete(limit);
    }, INTERVAL_MS).unref();
  }
}

const words: Record<Limit, (settings: ConnectionLimitReportOptions["settings"]) => string> = {
  "per-address": ({ maxConnectionsPerAddress: most }) =>
    `connections refused: their address has ${most} without a valid token, this process's share of ` +
    `[console_proxy] max_connections_per_address. If it is a load balancer's: list it in trusted_proxies, ` +
    `and have it send X-Forwarded-For (6080, HTTP mode) or the PROXY header (proxy_protocol); if many ` +
    `people share it: raise the limit`,
  "in-all": ({ maxConnectionsWithoutToken: most }) =>
    `connections closed: there are more than ${most} without a valid token, this process's share of ` +
    `[console_proxy] max_connections_without_token. If these are viewers: raise it, and LimitNOFILE; ` +
    `else find out who they are: ss -tn state established`,
};
