import type { Config } from "@nova-console/config";
import { SettingError } from "@nova-console/service";
import {
  openTokenStore as openEmbeddedStore,
  type TokenAuthority,
  type TokenDirectory,
  type TokenStore,
  TokenStoreSettingError,
} from "@nova-console/token";
import type { NovaApiTokenStore } from "@nova-console/token-store-nova-api";
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
export async function openTokenStore(
  config: Config,
  surroundings: StoreSurroundings,
): Promise<TokenStore & TokenDirectory> {
  switch (config.console_proxy.token_store) {
    case "database":
      return openTokenAuthority(config, surroundings);
    case "nova_api":
      return openNovaApi(config, surroundings);
  }
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
  const { database, DEFAULT, console_proxy } = config;
  if (console_proxy.token_store === "nova_api") {
    throw new SettingError(
      "[console_proxy] token_store is nova_api: nova issues tokens itself, and nova-consoleauth cannot",
    );
  }
  try {
    return await Promise.resolve(
      openEmbeddedStore({ connection: database.connection, statePath: DEFAULT.state_path, now }),
    );
  } catch (error) {
    throw asSettingError(error);
  }
}

async function openNovaApi(config: Config, { now }: StoreSurroundings): Promise<NovaApiTokenStore> {
  const settings = novaApiSettingsOf(config, now);
  const { NovaApiTokenStore } = await import("@nova-console/token-store-nova-api");
  try {
    return NovaApiTokenStore.open(settings);
  } catch (error) {
    throw asSettingError(error);
  }
}

function asSettingError(error: unknown): unknown {
  if (!(error instanceof TokenStoreSettingError)) return error;
  return new SettingError(error.message, { cause: error });
}
