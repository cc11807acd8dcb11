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
}

/**
 * Opens the store that a proxy asks for tokens.
 *
 * @throws {@link SettingError} if the operator must change a setting
 * @throws {@link TokenStoreError} if the store cannot be opened
 */
export function openTokenStore(
  config: Config,
  { now }: StoreSurroundings,
): Promise<TokenStore & TokenDirectory> {
  return withSettingErrors(async () => {
    if (config.console_proxy.token_store !== "nova_api") return openAuthority(config, now);
    const settings = novaApiSettingsOf(config, now);
    const { NovaApiTokenStore } = await import("@nova-console/token-store-nova-api");
    return NovaApiTokenStore.open(settings);
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
  return withSettingErrors(() => openAuthority(config, now));
}

async function openAuthority(config: Config, now: () => number): Promise<TokenAuthority> {
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
    case "nova_api":
      throw new SettingError(
        "[console_proxy] token_store is nova_api: nova issues tokens itself, and nova-consoleauth cannot",
      );
  }
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
