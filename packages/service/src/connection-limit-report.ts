import type { Logger } from "./logger.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import { RepeatedLines } from "./repeated-lines.ts";

/** Options of `[console_proxy]` that limit connections, by the listener's names of the limits. */
export const connectionLimitOptions = {
  "per-address": "max_connections_per_address",
  "in-all": "max_connections_without_token",
} as const;

type Limit = keyof typeof connectionLimitOptions;

/** Name of an option that limits connections. */
export type ConnectionLimitOption = (typeof connectionLimitOptions)[Limit];

/** Lines are summed up for all clients together: a crowd would cause one for each. */
const ANY = "any address";

/** What {@link ConnectionLimitReport} needs. */
export interface ConnectionLimitReportOptions {
  readonly log: Pick<Logger, "info" | "warn">;
  readonly settings: Pick<ProxySettings, "maxConnectionsPerAddress" | "maxConnectionsWithoutToken">;
  /** Called for each connection. */
  readonly count?: ((option: ConnectionLimitOption) => void) | undefined;
}

/**
 * Tells the operator of connections that a limit refused or closed, and what to do about it: the first
 * one of each limit at once, those of each following minute in one line.
 */
export class ConnectionLimitReport {
  readonly #options: ConnectionLimitReportOptions;
  readonly #lines: RepeatedLines;

  constructor(options: ConnectionLimitReportOptions) {
    this.#options = options;
    this.#lines = new RepeatedLines(options.log);
  }

  /** @param address - the connection's client */
  add(address: string, limit: Limit): void {
    const { count, settings } = this.#options;
    count?.(connectionLimitOptions[limit]);
    const message = words[limit](settings);
    const fields = { address };
    this.#lines.write({ level: "warn", message, address: ANY, reason: limit, fields });
  }

  /** Writes the sums that are due later. */
  close(): void {
    this.#lines.flush();
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
