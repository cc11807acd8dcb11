import type { Config } from "@nova-console/config";
import {
  rpcConnectionOptionsFrom,
  RpcClient,
  type RpcLog,
  RpcSettingError,
} from "@nova-console/oslo-messaging";
import { TokenStoreSettingError } from "@nova-console/token";
import { consoleauthVersion } from "./consoleauth-version.ts";
import { ConsoleauthTokenStore } from "./consoleauth-token-store.ts";

/** So that the reason is known before the session ends for want of an answer. */
const SHARE_OF_CONNECT_TIMEOUT = 0.9;

/** What the store has of its process. */
interface ConsoleauthSurroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Where outages of the brokers are logged; absent: nowhere. */
  readonly log?: RpcLog | undefined;
}

/**
 * Connects to the message brokers of `transport_url`; if none is there, tokens cannot be checked until one is.
 *
 * @throws {@link TokenStoreSettingError} if there is no `transport_url`, or it cannot be used
 */
export async function openConsoleauthTokenStore(
  config: Config,
  { now, log }: ConsoleauthSurroundings,
): Promise<ConsoleauthTokenStore> {
  try {
    const version = consoleauthVersion(config.upgrade_levels.consoleauth);
    const connection = rpcConnectionOptionsFrom(config, {
      connectionName: "nova-console-proxy",
      ...(log === undefined ? {} : { log }),
    });
    if (connection === null) {
      throw new TokenStoreSettingError(
        "[DEFAULT] transport_url is not set, which [console_proxy] token_store = consoleauth needs",
      );
    }
    return new ConsoleauthTokenStore({
      client: await RpcClient.connect(connection),
      version,
      timeoutMs: config.console_proxy.connect_timeout * 1_000 * SHARE_OF_CONNECT_TIMEOUT,
      tokenTtlSeconds: config.consoleauth.token_ttl,
      now,
    });
  } catch (error) {
    if (!(error instanceof RpcSettingError)) throw error;
    throw new TokenStoreSettingError(error.message, { cause: error });
  }
}
