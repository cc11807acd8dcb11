import type { Config } from "@nova-console/config";
import { SettingError } from "@nova-console/service";
import {
  openTokenStore as openEmbeddedStore,
  type TokenAuthority,
  type TokenDirectory,
  type TokenStore,
  TokenStoreSettingError,
} from "@nova-console/token";

/** What a store has of its process. */
export interface StoreSurroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
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
export async function openTokenStore(
  config: Config,
  surroundings: StoreSurroundings,
): Promise<TokenStore & TokenDirectory> {
  if (config.console_proxy.token_store === "consoleauth") {
    const { openConsoleauthTokenStore } = await import("@nova-console/token-store-consoleauth");
    return asSettingError(() => openConsoleauthTokenStore(config, surroundings));
  }
  const apiConnection = config.api_database.connection;
  if (apiConnection === null || !SERVER_URL.test(apiConnection)) {
    return openTokenAuthority(config, surroundings);
  }
  return asSettingError(async () => {
    const { MultiCellTokenStore } = await import("@nova-console/token-store-sql");
    return MultiCellTokenStore.open({
      apiConnection,
      ownConnection: config.database.connection,
      maxPoolSize: poolSizeOf(config),
      now: surroundings.now,
    });
  });
}

/**
 * Opens the store that nova-consoleauth keeps tokens in.
 *
 * @throws as {@link openTokenStore}
 */
export function openTokenAuthority(
  config: Config,
  { now }: StoreSurroundings,
): Promise<TokenAuthority> {
  const { connection } = config.database;
  return asSettingError(async () => {
    if (connection === null || !SERVER_URL.test(connection)) {
      return openEmbeddedStore({ connection, statePath: config.DEFAULT.state_path, now });
    }
    const { SqlTokenStore } = await import("@nova-console/token-store-sql");
    const maxPoolSize = poolSizeOf(config);
    return SqlTokenStore.open({ connection, setting: "[database] connection", maxPoolSize, now });
  });
}

function poolSizeOf({ database }: Config): number {
  return database.max_pool_size === 0 ? LARGEST_POOL : database.max_pool_size;
}

async function asSettingError<T>(open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof TokenStoreSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}
