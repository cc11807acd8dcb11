import { once } from "node:events";
import type { Server } from "node:http";
import type { Config } from "@nova-console/config";
import { listenOn } from "@nova-console/service";
import type { TokenAuthority } from "@nova-console/token";
import { readApiSecret } from "./api-secret.ts";
import { createApiServer, type ApiLog } from "./api-server.ts";
import { consoleSettingsOf, type ConsoleSettings } from "./console-settings.ts";
import { orderedAuthority } from "./ordered-authority.ts";
import { revocationMetrics } from "./revocation-metrics.ts";
import { Revocations } from "./revocations.ts";
import { startRpc, type RpcLog } from "./rpc-service.ts";
import { startPurging, type PurgeLog } from "./purge-clock.ts";

/** How often expired tokens are removed. */
const PURGE_INTERVAL_MS = 60_000;

/**
 * For how long a revocation is tried, `token_ttl` or this, whichever is longer: tokens of the HTTP API
 * and of `authorize --ttl` may live longer than `token_ttl`.
 */
const REVOCATION_LIMIT_MS = 24 * 60 * 60 * 1_000;

/** How long requests that have begun may take when the service stops. */
const STOP_TIMEOUT_MS = 2_000;

/** What {@link startConsoleauth} needs. */
export interface ConsoleauthOptions {
  readonly config: Config;
  /** Closed by `stop`. */
  readonly store: TokenAuthority;
  readonly log: ApiLog & PurgeLog & RpcLog;
}

/** nova-consoleauth while it serves. */
export interface Consoleauth {
  /** One line: what it does and where. */
  readonly describe: string;
  /** `HOST:PORT` or `unix:/PATH` of the HTTP API; null if it is off. */
  readonly apiAddress: string | null;
  /** Takes over base URLs, `token_ttl` and the API's secret; the address stays. */
  reload(config: Config): Promise<void>;
  /** Lets requests that have begun end, then closes the store. */
  stop(): Promise<void>;
}

/**
 * Serves: purges expired tokens, answers the HTTP API if there is an address for it, and nova's
 * services if there are message brokers.
 *
 * @throws {@link SettingError} if the API or the brokers cannot be used as configured
 * @throws {@link AddressError} if its address cannot be listened on
 */
export async function startConsoleauth(options: ConsoleauthOptions): Promise<Consoleauth> {
  const { config, log } = options;
  let settings = consoleSettingsOf(config);
  const revocations = new Revocations({
    store: options.store,
    log,
    limitMs: () => Math.max(settings.tokenTtlSeconds * 1_000, REVOCATION_LIMIT_MS),
    now: () => performance.now(),
  });
  const store = orderedAuthority(options.store, revocations);
  const api = await startApi({ config, store, log }, () => settings, revocations);
  const rpc = await startRpc({ config, store, revocations, log }, () => settings).catch(
    async (error: unknown) => {
      await api?.stop();
      throw error;
    },
  );
  const stopPurging = startPurging(store, PURGE_INTERVAL_MS, log);
  return {
    describe: describe(api?.address ?? null, rpc?.place ?? null, store.place),
    apiAddress: api?.address ?? null,
    reload: (config) => {
      api?.reload(config);
      settings = consoleSettingsOf(config);
      return Promise.resolve();
    },
    stop: async () => {
      stopPurging();
      await Promise.all([api?.stop(), rpc?.close()]);
      revocations.stop();
      await store.close();
    },
  };
}

interface RunningApi {
  readonly address: string;
  reload(config: Config): void;
  stop(): Promise<void>;
}

async function startApi(
  { config, store, log }: ConsoleauthOptions,
  settings: () => ConsoleSettings,
  revocations: Revocations,
): Promise<RunningApi | null> {
  const { api_listen: wanted, api_secret_file: secretFile } = config.consoleauth;
  if (wanted === null) return null;
  let secret = readApiSecret(secretFile);
  const server = createApiServer({
    ...{ store, log, settings, secret: () => secret },
    metrics: () => revocationMetrics(revocations.counts),
  });
  const address = await listenOn(server, "[consoleauth] api_listen", wanted);
  return {
    address,
    reload: (changed) => {
      secret = readApiSecret(changed.consoleauth.api_secret_file);
    },
    stop: () => closeServer(server),
  };
}

/** Ends when the requests that have begun have, and drops those that do not in time. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  // A server that is closed no longer looks at its own timeouts.
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, STOP_TIMEOUT_MS);
  await closed;
  clearTimeout(timer);
}

function describe(apiAddress: string | null, brokers: string | null, storePath: string): string {
  const api =
    apiAddress === null
      ? "HTTP API off ([consoleauth] api_listen is not set)"
      : `HTTP API on ${apiAddress}`;
  const rpc = brokers === null ? "" : `, RPC at ${brokers}`;
  return `tokens in ${storePath}, ${api}${rpc}`;
}
