import type { Config } from "@nova-console/config";
import { SettingError } from "@nova-console/service";
import {
  openTokenStore as openEmbeddedStore,
  type TokenAuthority,
  type TokenDirectory,
  type TokenStore,
  TokenStoreSettingError,
} from "@nova-console/token";
import { novaApiSettingsOf } from "./nova-api-settings.ts";

/** What a store has of its process. */
export interface StoreSurroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Where a store logs that what it asks is away, and back; absent: nowhere. */
  readonly log?: StoreLog;
}

/** The part of a log that a store writes to. */
interface StoreLog {
  info(message: string, fields?: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields?: Readonly<Record<string, string | number>>): void;
}

/** URLs of databases that are servers, as SQLAlchemy names them; `sqlite:` is a file. */
const SERVER_URL = /^(?:mysql|mariadb|postgres|postgresql)(?:\+\w+)?:\/\//i;
/** oslo.db's 0 is "no limit"; here every pool has one. */
const LARGEST_POOL = 50;

/**
 * Opens the store that a proxy asks for tokens.
 *
 * @throws {@link SettingError} if the operator must change a setting
 * @throws {@link TokenStoreError} if the store cannot be opened
 */
export function openTokenStore(
  config: Config,
  { now, log }: StoreSurroundings,
): Promise<TokenStore & TokenDirectory> {
  const apiConnection = config.api_database.connection ?? "";
  return withSettingErrors(async () => {
    switch (config.console_proxy.token_store) {
      case "nova_api": {
        const settings = novaApiSettingsOf(config, now);
        const { NovaApiTokenStore } = await import("@nova-console/token-store-nova-api");
        return NovaApiTokenStore.open(settings);
      }
      case "database": {
        if (!SERVER_URL.test(apiConnection)) return openAuthority(config, now);
        const { MultiCellTokenStore } = await import("@nova-console/token-store-sql");
        return MultiCellTokenStore.open({
          apiConnection,
          ownConnection: config.database.connection,
          maxPoolSize: poolSizeOf(config),
          now,
        });
      }
      case "consoleauth": {
        const { openConsoleauthTokenStore } = await import("@nova-console/token-store-consoleauth");
        return openConsoleauthTokenStore(config, { now, log });
      }
      case "redis":
        return openAuthority(config, now);
    }
  });
}

/**
 * Opens the store that nova-consoleauth keeps tokens in.
 *
 * @throws as {@link openTokenStore}
 */
export function openTokenAuthority(
  config: Config,
  { now }: Pick<StoreSurroundings, "now">,
): Promise<TokenAuthority> {
  return withSettingErrors(() => openAuthority(config, now));
}

async function openAuthority(config: Config, now: () => number): Promise<TokenAuthority> {
  const { console_proxy } = config;
  switch (console_proxy.token_store) {
    case "database":
    case "consoleauth":
      // The latter is what the proxies of the same nova.conf ask, over RPC: it keeps them itself.
      return openDatabase(config, now);
    case "redis": {
      const { openRedisTokenStore } = await import("@nova-console/token-store-redis");
      const connectTimeoutMs = console_proxy.connect_timeout * 1000;
      return openRedisTokenStore({ url: console_proxy.redis_url, connectTimeoutMs });
    }
    case "nova_api":
      throw new SettingError(
        "[console_proxy] token_store is nova_api: nova issues tokens itself, and nova-consoleauth cannot",
      );
  }
}

async function openDatabase(config: Config, now: () => number): Promise<TokenAuthority> {
  const { connection } = config.database;
  if (connection === null || !SERVER_URL.test(connection)) {
    return openEmbeddedStore({ connection, statePath: config.DEFAULT.state_path, now });
  }
  const { SqlTokenStore } = await import("@nova-console/token-store-sql");
  const maxPoolSize = poolSizeOf(config);
  return SqlTokenStore.open({ connection, setting: "[database] connection", maxPoolSize, now });
}

function poolSizeOf({ database }: Config): number {
  return database.max_pool_size === 0 ? LARGEST_POOL : database.max_pool_size;
}

/** A setting of a store that is of no use is the operator's to change. */
async function withSettingErrors<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof TokenStoreSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}
