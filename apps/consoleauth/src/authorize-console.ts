import {
  type AuthorizedConsole,
  type TokenAuthority,
  validateConsoleType,
} from "@nova-console/token";
import type { ConsoleSettings } from "./console-settings.ts";

/** A console as the command line and the HTTP API ask for it; null leaves it to the configuration. */
export interface ConsoleWish {
  readonly instanceUuid: string;
  readonly host: string;
  /** 1-65535; 0 with a `unix:` host. */
  readonly port: number;
  readonly consoleType: string;
  readonly ttlSeconds: number | null;
  readonly internalAccessPath: string | null;
}

/**
 * Mints a token, with what nova.conf says about the rest.
 *
 * @throws {@link InvalidConsoleRequestError} if a part of the wish is not allowed
 * @throws {@link TokenStoreError} if the token cannot be kept
 */
export async function authorizeConsole(
  store: TokenAuthority,
  settings: ConsoleSettings,
  wish: ConsoleWish,
): Promise<AuthorizedConsole> {
  const { ttlSeconds, ...place } = wish;
  return store.authorize({
    ...place,
    ttlSeconds: ttlSeconds ?? settings.tokenTtlSeconds,
    accessUrlBase: settings.baseUrls[validateConsoleType(wish.consoleType)],
  });
}
