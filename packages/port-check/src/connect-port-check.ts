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
import { CellDatabase, CellMappings, connectionLimit } from "@nova-console/token-store-sql";
import { type Cell, type Cells, OneCell } from "./cell.ts";
import { ComputeWatch } from "./compute-watch.ts";
import { computeVersionOf, isUnknownRelease } from "./compute-version.ts";
import { isDatabaseServer } from "./database-server.ts";
import { MappedCells } from "./mapped-cells.ts";
import type { OpenedPortCheck, PortCheckSurroundings } from "./open-port-check.ts";
import { RpcPortCheck } from "./rpc-port-check.ts";
import { SqlInstanceRows } from "./sql-instance-rows.ts";

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
  computeVersionOf(config.upgrade_levels.compute, NO_SERVICES, now);
  warnOfUnknownRelease(config.upgrade_levels.compute, log);
  const api = config.api_database.connection;
  if (!isDatabaseServer(api)) queueOf(config, log);
  const timeoutMs = config.console_proxy.connect_timeout * 1_000 * SHARE_OF_CONNECT_TIMEOUT;
  const cells = isDatabaseServer(api)
    ? allCells(config, api, { now, log })
    : new OneCell(await openCell(config, "[database] connection", { now, log }), {
        limitMs: timeoutMs,
        now,
      });
  const check = new RpcPortCheck({ cells, timeoutMs, now });
  return {
    check: (info, signal) => check.check(info, signal),
    dependencies: () => cells.dependencies(),
    close: () => cells.close(),
  };
}

function warnOfUnknownRelease(level: string | null, log: RpcLog): void {
  if (!isUnknownRelease(level)) return;
  log.warn(
    `[upgrade_levels] compute is ${JSON.stringify(level)}, a release that is not known here: nova-compute is asked as those of Wallaby and later are`,
  );
}

function allCells(
  config: Config,
  apiConnection: string,
  surroundings: PortCheckSurroundings,
): Cells {
  const list = withSettingErrors(() =>
    CellMappings.open({
      apiConnection,
      ownConnection: config.database.connection,
      ownTransportUrl: config.DEFAULT.transport_url,
    }),
  );
  return new MappedCells({
    readMappings: () => list.read(),
    listPlace: list.place,
    openCell: ({ identity, connection, transportUrl }) =>
      openCell(
        {
          ...config,
          DEFAULT: { ...config.DEFAULT, transport_url: transportUrl },
          database: { ...config.database, connection },
        },
        `database_connection of cell ${identity}`,
        surroundings,
      ),
    close: () => list.close(),
    checkLimitMs: config.console_proxy.connect_timeout * 1_000,
    now: surroundings.now,
  });
}

/** @param setting - where the database's URL stands, for errors */
async function openCell(
  config: Config,
  setting: string,
  { now, log }: PortCheckSurroundings,
): Promise<Cell> {
  const queue = queueOf(config, log);
  const database = databaseOf(config, setting);
  const rows = new SqlInstanceRows(database);
  const version = computeVersionOf(config.upgrade_levels.compute, rows, now);
  const services = await RpcClient.connect(queue);
  const computes = new ComputeWatch({
    services,
    countComputes: () => rows.countComputes(),
    limitMs: config.console_proxy.connect_timeout * 1_000,
    now,
  });
  return {
    rows,
    version,
    services: computes,
    brokerPlace: services.place,
    checkBroker: () => services.check(),
    computeHealth: () => computes.health(),
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

function databaseOf({ database }: Config, setting: string): CellDatabase {
  const maxPoolSize = connectionLimit(database.max_pool_size);
  const connection = database.connection ?? "";
  return withSettingErrors(() => CellDatabase.open({ connection, setting, maxPoolSize }));
}

function withSettingErrors<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof TokenStoreSettingError)) throw error;
    throw new SettingError(error.message, { cause: error });
  }
}
