import {
  type AuthorizedConsole,
  InvalidConsoleRequestError,
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
  refuseForbiddenHost(settings, wish.host);
  return store.authorize({
    ...place,
    ttlSeconds: ttlSeconds ?? settings.tokenTtlSeconds,
    accessUrlBase: settings.baseUrls[validateConsoleType(wish.consoleType)],
  });
}

/**
 * Refuses a host that no proxy with these settings would dial, while somebody is there to read why.
 *
 * @throws {@link InvalidConsoleRequestError}
 */
export function refuseForbiddenHost({ backendPolicy }: ConsoleSettings, host: string): void {
  const problem = backendPolicy.hostProblem(host);
  if (problem === null) return;
  const allowed = `where the proxies may connect to: ${problem}`;
  throw new InvalidConsoleRequestError("host", host, allowed);
}
