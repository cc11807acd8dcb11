import type { Config } from "@nova-console/config";
import {
  rpcConnectionOptionsFrom,
  RpcServer,
  RpcSettingError,
  type RpcConnectionOptions,
} from "@nova-console/oslo-messaging";
import { SettingError } from "@nova-console/service";
import type { TokenAuthority } from "@nova-console/token";
import type { ConsoleSettings } from "./console-settings.ts";
import { createRpcEndpoints } from "./rpc-endpoints.ts";

/** Where requests are logged. */
export interface RpcLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

/** What {@link startRpc} needs. */
export interface RpcServiceOptions {
  readonly config: Config;
  readonly store: TokenAuthority;
  readonly log: RpcLog;
}

/** Grizzly and Havana; Icehouse and Juno, and what understands 2.1 understands them; Kilo to Queens. */
const VERSIONS = ["1.2", "2.1"];

/**
 * Serves nova's services as nova-consoleauth does up to Queens, if there are message brokers.
 *
 * @throws {@link SettingError} if they cannot be used as configured
 */
export async function startRpc(
  { config, store, log }: RpcServiceOptions,
  settings: () => ConsoleSettings,
): Promise<RpcServer | null> {
  const connection = connectionOptions(config, log);
  if (connection === null) return null;
  return RpcServer.serve(connection, {
    topic: "consoleauth",
    server: config.DEFAULT.host,
    endpoints: createRpcEndpoints({ store, settings, log }),
    versions: VERSIONS,
  });
}

function connectionOptions(config: Config, log: RpcLog): RpcConnectionOptions | null {
  try {
    return rpcConnectionOptionsFrom(config, { connectionName: "nova-consoleauth", log });
  } catch (error) {
    if (!(error instanceof RpcSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}
