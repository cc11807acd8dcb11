import type { Config } from "@nova-console/config";
import {
  rpcConnectionOptionsFrom,
  RpcServer,
  RpcSettingError,
  type RpcConnectionOptions,
} from "@nova-console/oslo-messaging";
import { SettingError } from "@nova-console/service";
import type { TokenAuthority } from "@nova-console/token";
import type { ConsoleSettings } from "./console-settings.ts";
import type { Revocations } from "./revocations.ts";
import { createBaseEndpoints, createRpcEndpoints, doneAtLeastOnce } from "./rpc-endpoints.ts";

/** Where requests are logged. */
export interface RpcLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

/** What {@link startRpc} needs. */
export interface RpcServiceOptions {
  readonly config: Config;
  readonly store: TokenAuthority;
  readonly revocations: Revocations;
  readonly log: RpcLog;
}

const TOPIC = "consoleauth";

/** Grizzly and Havana; Icehouse and Juno, and what understands 2.1 understands them; Kilo to Queens. */
const VERSIONS = ["1.2", "2.1"];

/** Requests at work for each connection of the pool: one is asked while the next one is read and answered. */
const REQUESTS_PER_CONNECTION = 2;
/** `[database] max_pool_size = 0`, and stores without a pool. */
const MAX_CONCURRENT = 100;

/**
 * Serves nova's services as nova-consoleauth does up to Queens, if there are message brokers.
 *
 * @throws {@link SettingError} if they cannot be used as configured
 */
export async function startRpc(
  { config, store, revocations, log }: RpcServiceOptions,
  settings: () => ConsoleSettings,
): Promise<RpcServer | null> {
  const connection = connectionOptions(config, log);
  if (connection === null) return null;
  if (connection.autoDeleteQueues) {
    log.warn(
      "[oslo_messaging_rabbit] amqp_auto_delete is set: the broker drops revocations that wait while no nova-consoleauth is connected",
    );
  }
  warnOfMemcached(config, log);
  return RpcServer.serve(connection, {
    topic: TOPIC,
    server: config.DEFAULT.host,
    namespaces: { baseapi: { endpoints: createBaseEndpoints(TOPIC), versions: ["1.1"] } },
    endpoints: createRpcEndpoints({ store, revocations, settings, log }),
    versions: VERSIONS,
    doneAtLeastOnce,
    maxConcurrent: concurrencyOf(config),
  });
}

/** Several of nova's own share their tokens by memcached: of several of ours each would know a part of the tokens. */
function warnOfMemcached({ DEFAULT, cache, database, console_proxy }: Config, log: RpcLog): void {
  const isNamed = DEFAULT.memcached_servers.length > 0 || cache.memcache_servers.length > 0;
  const isShared =
    console_proxy.token_store === "redis" || !/^(?:sqlite:|$)/.test(database.connection ?? "");
  if (!isNamed || isShared) return;
  log.warn(
    "memcached is named for tokens, which are in a file of this host instead: a second nova-consoleauth needs [console_proxy] token_store = redis",
  );
}

/** What waits for a connection of the pool for too long fails: the broker keeps it instead. */
function concurrencyOf({ console_proxy, database }: Config): number {
  const size = database.max_pool_size;
  const hasPool = console_proxy.token_store !== "redis" && size > 0;
  return hasPool ? Math.min(MAX_CONCURRENT, size * REQUESTS_PER_CONNECTION) : MAX_CONCURRENT;
}

function connectionOptions(config: Config, log: RpcLog): RpcConnectionOptions | null {
  try {
    return rpcConnectionOptionsFrom(config, { connectionName: "nova-consoleauth", log });
  } catch (error) {
    if (!(error instanceof RpcSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}
