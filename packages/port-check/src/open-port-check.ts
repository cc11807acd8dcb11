import type { Config } from "@nova-console/config";
import type { Dependency } from "@nova-console/health";
import type { RpcLog } from "@nova-console/oslo-messaging";
import { isDatabaseServer } from "./database-server.ts";
import { SettingError } from "@nova-console/service";
import type { PortCheck } from "@nova-console/session";

/** What a check has of its process. */
export interface PortCheckSurroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: RpcLog;
}

/** A check that holds connections. */
export interface OpenedPortCheck extends PortCheck {
  /** Says how the brokers and nova-compute services are; each is given 1.5 s. */
  dependencies(): Promise<readonly Dependency[]>;
  /** Gives them back. Nothing may be asked afterwards. */
  close(): Promise<void>;
}

/**
 * Opens the check that `[console_proxy] check_port` asks for. Neither message queue nor database need
 * be there: their absence refuses consoles until they are back.
 *
 * @returns null if there is to be none
 * @throws {@link SettingError} if the operator must change a setting
 */
export async function openPortCheck(
  config: Config,
  surroundings: PortCheckSurroundings,
): Promise<OpenedPortCheck | null> {
  if (!isPortChecked(config, surroundings.log)) return null;
  // Whoever has no cloud pays for no message queue.
  const { connectPortCheck } = await import("./connect-port-check.ts");
  return connectPortCheck(config, surroundings);
}

function isPortChecked(config: Config, log: RpcLog): boolean {
  const { database, api_database, DEFAULT, console_proxy } = config;
  if (console_proxy.check_port === "off") return false;
  const connections = [database.connection, api_database.connection];
  const isCell = console_proxy.token_store === "database" && connections.some(isDatabaseServer);
  // With the API database each cell brings its own.
  const hasQueue =
    (DEFAULT.transport_url ?? "") !== "" || isDatabaseServer(api_database.connection);
  if (isCell && hasQueue) return true;
  if (console_proxy.check_port === "rpc") {
    throw new SettingError(
      isCell
        ? "[console_proxy] check_port is rpc, which needs [DEFAULT] transport_url"
        : "[console_proxy] check_port is rpc, which needs tokens in nova's database ([database] connection)",
    );
  }
  if (isCell) {
    log.warn(
      "[DEFAULT] transport_url is not set: nova-compute is not asked whether a port is still its instance's",
    );
  }
  return false;
}
