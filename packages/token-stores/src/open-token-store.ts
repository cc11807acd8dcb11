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

/**
 * Opens the store that a proxy asks for tokens.
 *
 * @throws {@link SettingError} if the operator must change a setting
 * @throws {@link TokenStoreError} if the store cannot be opened
 */
export function openTokenStore(
  config: Config,
  surroundings: StoreSurroundings,
): Promise<TokenStore & TokenDirectory> {
  return openTokenAuthority(config, surroundings);
}

/**
 * Opens the store that nova-consoleauth keeps tokens in.
 *
 * @throws as {@link openTokenStore}
 */
export async function openTokenAuthority(
  config: Config,
  { now }: StoreSurroundings,
): Promise<TokenAuthority> {
  try {
    return await open(config, now);
  } catch (error) {
    if (!(error instanceof TokenStoreSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}

async function open(config: Config, now: () => number): Promise<TokenAuthority> {
  const { console_proxy, database, DEFAULT } = config;
  switch (console_proxy.token_store) {
    case "database":
      return openEmbeddedStore({
        connection: database.connection,
        statePath: DEFAULT.state_path,
        now,
      });
    case "redis": {
      const { openRedisTokenStore } = await import("@nova-console/token-store-redis");
      const connectTimeoutMs = console_proxy.connect_timeout * 1000;
      return openRedisTokenStore({ url: console_proxy.redis_url, connectTimeoutMs, now });
    }
  }
}
