import type { InstanceRow, InstanceRows, Row, ServiceVersions } from "./instance-row.ts";

/** nova's cell database, as far as it is asked. */
export interface CellDatabase {
  /** Runs one statement. @param values - for its `?`, in order */
  query(
    statement: string,
    values: readonly string[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** Columns of `instances` once more, as text. */
const DATE_PREFIX = "text_of_";

/** Columns of the second table. */
const INFO_CACHE_PREFIX = "info_cache_";

const INFO_CACHE_COLUMNS = [
  ...["instance_uuid", "network_info", "created_at", "updated_at", "deleted_at", "deleted"],
];

const INSTANCE_DATES = ["launched_at", "terminated_at", "created_at", "updated_at", "deleted_at"];

/**
 * All that the release has: columns were added in time (`hidden` in Train). Dates as text: they are
 * UTC, and drivers take them for this machine's time. One round trip.
 */
const INSTANCE = `
  SELECT instances.*,
         ${INSTANCE_DATES.map((name) => `CONCAT(instances.${name}, '') AS ${DATE_PREFIX}${name}`).join(", ")},
         ${INFO_CACHE_COLUMNS.map((name) => `${infoCacheExpression(name)} AS ${INFO_CACHE_PREFIX}${name}`).join(", ")}
    FROM instances LEFT JOIN instance_info_caches AS caches ON caches.instance_uuid = instances.uuid
   WHERE instances.uuid = ? AND instances.deleted = 0 LIMIT 1`;

/** @see nova/db/main/api.py service_get_minimum_version */
const MINIMUM_COMPUTE_VERSION = `
  SELECT MIN(services.version) AS minimum FROM services
   WHERE services.binary = ? AND services.deleted = 0 AND NOT services.forced_down`;

const COUNT_COMPUTES = `
  SELECT COUNT(*) AS computes FROM services WHERE services.binary = ? AND services.deleted = 0`;

/** Reads what a port check needs from nova's tables; never writes. */
export class SqlInstanceRows implements InstanceRows, ServiceVersions {
  readonly #database: CellDatabase;

  constructor(database: CellDatabase) {
    this.#database = database;
  }

  async get(uuid: string): Promise<InstanceRow | null> {
    const [row] = (await this.#database.query(INSTANCE, [uuid])) as readonly Row[];
    if (row === undefined) return null;
    const infoCache = select(row, INFO_CACHE_COLUMNS, INFO_CACHE_PREFIX);
    return {
      instance: { ...row, ...select(row, INSTANCE_DATES, DATE_PREFIX) },
      infoCache: infoCache["instance_uuid"] === null ? null : infoCache,
    };
  }

  async minimumComputeVersion(): Promise<number> {
    const [row] = await this.#database.query(MINIMUM_COMPUTE_VERSION, ["nova-compute"]);
    return Number(row?.["minimum"] ?? 0);
  }

  /** How many nova-compute services the cell has, as nova's `services` says. */
  async countComputes(): Promise<number> {
    const [row] = await this.#database.query(COUNT_COMPUTES, ["nova-compute"]);
    return Number(row?.["computes"] ?? 0);
  }
}

function infoCacheExpression(name: string): string {
  return name.endsWith("_at") ? `CONCAT(caches.${name}, '')` : `caches.${name}`;
}

function select(row: Row, names: readonly string[], prefix: string): Row {
  return Object.fromEntries(names.map((name) => [name, row[prefix + name] ?? null]));
}
