import type { Config } from "@nova-console/config";
import {
  RpcClient,
  type RpcConnectionOptions,
  rpcConnectionOptionsFrom,
  RpcSettingError,
  type RpcLog,
} from "@nova-console/oslo-messaging";
import { SettingError } from "@nova-console/service";
import { TokenStoreSettingError } from "@nova-console/token";
import { CellDatabase } from "@nova-console/token-store-sql";
import { readCellMappings } from "./cell-mappings.ts";
import { type Cell, type Cells, OneCell } from "./cell.ts";
import { computeVersionOf } from "./compute-version.ts";
import { isDatabaseServer } from "./database-server.ts";
import { MappedCells } from "./mapped-cells.ts";
import type { OpenedPortCheck, PortCheckSurroundings } from "./open-port-check.ts";
import { RpcPortCheck } from "./rpc-port-check.ts";
import { SqlInstanceRows } from "./sql-instance-rows.ts";

/** Most connections to a database: a row is read in a millisecond. */
const MAX_POOL_SIZE = 4;

/** So that what was waited for, and where, is known before the session ends for want of an answer. */
const SHARE_OF_CONNECT_TIMEOUT = 0.9;

const NO_SERVICES = { minimumComputeVersion: () => Promise.resolve(0) };

/**
 * Connects the check to the cells of nova.conf: those of `[api_database]`, as for tokens, or the one
 * of `[database]`.
 *
 * @throws {@link SettingError} if the operator must change a setting
 */
export async function connectPortCheck(
  config: Config,
  { now, log }: PortCheckSurroundings,
): Promise<OpenedPortCheck> {
  // Before a cell is opened, whose errors come when somebody wants a console.
  computeVersionOf(config.upgrade_levels.compute, NO_SERVICES);
  const api = config.api_database.connection;
  if (!isDatabaseServer(api)) queueOf(config, log);
  const cells = isDatabaseServer(api)
    ? allCells(config, api, { now, log })
    : new OneCell(await openCell(config, "[database] connection", log));
  const timeoutMs = config.console_proxy.connect_timeout * 1_000 * SHARE_OF_CONNECT_TIMEOUT;
  const check = new RpcPortCheck({ cells, timeoutMs, now });
  return {
    check: (info, signal) => check.check(info, signal),
    close: () => cells.close(),
  };
}

function allCells(config: Config, api: string, { now, log }: PortCheckSurroundings): Cells {
  const database = databaseOf(api, "[api_database] connection");
  const own = {
    connection: config.database.connection,
    transportUrl: config.DEFAULT.transport_url,
  };
  return new MappedCells({
    readMappings: () => readCellMappings(database, own),
    openCell: ({ connection, transportUrl }) =>
      openCell(
        {
          ...config,
          DEFAULT: { ...config.DEFAULT, transport_url: transportUrl },
          database: { ...config.database, connection },
        },
        "database_connection of a cell",
        log,
      ),
    close: () => database.close(),
    now,
  });
}

/** @param setting - where the database's URL stands, for errors */
async function openCell(config: Config, setting: string, log: RpcLog): Promise<Cell> {
  const queue = queueOf(config, log);
  const database = databaseOf(config.database.connection ?? "", setting);
  const rows = new SqlInstanceRows(database);
  const version = computeVersionOf(config.upgrade_levels.compute, rows);
  const services = await RpcClient.connect(queue);
  return {
    rows,
    version,
    services,
    close: async () => {
      await Promise.all([services.close(), database.close()]);
    },
  };
}

function queueOf(config: Config, log: RpcLog): RpcConnectionOptions {
  try {
    const queue = rpcConnectionOptionsFrom(config, { connectionName: "console proxy", log });
    if (queue === null) throw new SettingError("[DEFAULT] transport_url is not set");
    return queue;
  } catch (error) {
    if (!(error instanceof RpcSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}

function databaseOf(connection: string, setting: string): CellDatabase {
  try {
    return CellDatabase.open({ connection, setting, maxPoolSize: MAX_POOL_SIZE });
  } catch (error) {
    if (!(error instanceof TokenStoreSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}
