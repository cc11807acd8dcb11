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
export async function openTokenStore(
  config: Config,
  surroundings: StoreSurroundings,
): Promise<TokenStore & TokenDirectory> {
  if (config.console_proxy.token_store !== "consoleauth") {
    return openTokenAuthority(config, surroundings);
  }
  const { openConsoleauthTokenStore } = await import("@nova-console/token-store-consoleauth");
  return asSettingError(() => openConsoleauthTokenStore(config, surroundings));
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
  const { database, DEFAULT } = config;
  return asSettingError(() =>
    openEmbeddedStore({ connection: database.connection, statePath: DEFAULT.state_path, now }),
  );
}

async function asSettingError<T>(open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof TokenStoreSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}
