import type { Config } from "@nova-console/config";
import type { Dependency } from "@nova-console/health";
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
  readonly log?: StoreLog | undefined;
}

/** The part of a log that a store writes to. */
interface StoreLog {
  info(message: string, fields?: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields?: Readonly<Record<string, string | number>>): void;
}

/** A store that knows what it stands on; others are one dependency. */
export type ProxyTokenStore = TokenStore &
  TokenDirectory & { dependencies?(): Promise<readonly Dependency[]> };

const NO_LOG: StoreLog = { info: () => undefined, warn: () => undefined };

/** URLs of databases that are servers, as SQLAlchemy names them; `sqlite:` is a file. */
const SERVER_URL = /^(?:mysql|mariadb|postgres|postgresql)(?:\+\w+)?:\/\//i;

/**
 * Opens the store that a proxy asks for tokens.
 *
 * @throws {@link SettingError} if the operator must change a setting
 * @throws {@link TokenStoreError} if the store cannot be opened
 */
export function openTokenStore(
  config: Config,
  surroundings: StoreSurroundings,
): Promise<ProxyTokenStore> {
  const { now, log } = surroundings;
  const apiConnection = config.api_database.connection ?? "";
  return withSettingErrors(async () => {
    switch (config.console_proxy.token_store) {
      case "nova_api": {
        const settings = novaApiSettingsOf(config, { now, log: log ?? NO_LOG });
        const { NovaApiTokenStore } = await import("@nova-console/token-store-nova-api");
        return NovaApiTokenStore.open(settings);
      }
      case "database": {
        if (!SERVER_URL.test(apiConnection)) return openAuthority(config, surroundings);
        const { connectionLimit, MultiCellTokenStore } =
          await import("@nova-console/token-store-sql");
        return MultiCellTokenStore.open({
          apiConnection,
          ownConnection: config.database.connection,
          maxPoolSize: connectionLimit(config.database.max_pool_size),
          checkLimitMs: config.console_proxy.connect_timeout * 1000,
          now,
          log,
        });
      }
      case "consoleauth": {
        const { openConsoleauthTokenStore } = await import("@nova-console/token-store-consoleauth");
        return openConsoleauthTokenStore(config, { now, log });
      }
      case "redis":
        return openAuthority(config, surroundings);
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
  surroundings: StoreSurroundings,
): Promise<TokenAuthority> {
  return withSettingErrors(() => openAuthority(config, surroundings));
}

async function openAuthority(
  config: Config,
  surroundings: StoreSurroundings,
): Promise<TokenAuthority> {
  const { console_proxy } = config;
  switch (console_proxy.token_store) {
    case "database":
    case "consoleauth":
      // The latter is what the proxies of the same nova.conf ask, over RPC: it keeps them itself.
      return openDatabase(config, surroundings);
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

async function openDatabase(
  config: Config,
  { now, log }: StoreSurroundings,
): Promise<TokenAuthority> {
  const { connection, max_pool_size } = config.database;
  if (connection === null || !SERVER_URL.test(connection)) {
    return openEmbeddedStore({
      ...{ connection, statePath: config.DEFAULT.state_path, now },
      connectTimeoutMs: config.console_proxy.connect_timeout * 1000,
    });
  }
  const { connectionLimit, SqlTokenStore } = await import("@nova-console/token-store-sql");
  const maxPoolSize = connectionLimit(max_pool_size);
  const setting = "[database] connection";
  return SqlTokenStore.open({ connection, setting, maxPoolSize, now, log });
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
