import { TOKEN_COLUMNS } from "@nova-console/token";
import type { Dialect } from "./database-url.ts";

/** A question about live tokens. */
export interface LiveStatement {
  /** Where there are nova's instances: of those only that are not deleted, as nova has it. */
  readonly ofInstances: string;
  /** Where there are none. */
  readonly ofAny: string;
}

/** Every question the store asks. `expires > now` in whole seconds is nova's rule. */
export interface Statements {
  /** token_hash, now */
  readonly validate: LiveStatement;
  /** now */
  readonly list: LiveStatement;
  /** instance_uuid, now */
  readonly countInstance: LiveStatement;
  /** now */
  readonly liveDigests: (limit: number) => LiveStatement;
  /** instance_uuid */
  readonly findInstance: string;
  /** Fails without nova's `instances`. */
  readonly probeInstances: string;
  /** Each fails without one of nova's other tables. */
  readonly probeNova: readonly string[];
  /** created_at, then `TOKEN_COLUMNS` */
  readonly insert: string;
  /** host, port, internal_access_path, instance_uuid */
  readonly deleteOthersAt: string;
  /** instance_uuid */
  readonly deleteInstance: string;
  /** token_hash */
  readonly deleteToken: string;
  /** now */
  readonly findExpired: string;
  /** as many ids */
  readonly deleteIds: (count: number) => string;
  /** host, port, updated_at, instance_uuid, now */
  readonly move: string;
}

/** Most expired tokens that one statement removes. */
export const PURGE_BATCH = 500;

const TABLE = "console_auth_tokens";
// nova's own proxy asks for the instance in a second query. nova/objects/console_auth_token.py, `validate`
const OF_INSTANCES = `AND EXISTS (SELECT 1 FROM instances WHERE instances.uuid = ${TABLE}.instance_uuid AND instances.deleted = 0)`;

/** Tables that only nova's cell database has, in every release; a dump has some of them before `instances`. */
const NOVA_TABLES = ["block_device_mapping", "compute_nodes", "instance_info_caches"];

/** Writes them for a database. */
export function statementsFor(dialect: Dialect): Statements {
  const plain = dialect === "mysql" ? (sql: string): string => sql : numberParameters;
  const live = (before: string, after = ""): LiveStatement => ({
    ofInstances: plain(`${before} ${OF_INSTANCES} ${after}`),
    ofAny: plain(`${before} ${after}`),
  });
  const isSame = dialect === "mysql" ? "<=>" : "IS NOT DISTINCT FROM";
  return {
    validate: live(
      `SELECT ${TOKEN_COLUMNS} FROM ${TABLE} WHERE token_hash = ? AND expires > ?`,
      "LIMIT 1",
    ),
    list: live(
      `SELECT ${TOKEN_COLUMNS} FROM ${TABLE} WHERE expires > ?`,
      "ORDER BY instance_uuid, expires, id",
    ),
    countInstance: live(
      `SELECT count(*) AS live FROM ${TABLE} WHERE instance_uuid = ? AND expires > ?`,
    ),
    // MySQL takes no parameter that mysql2 sends there.
    liveDigests: (limit) =>
      live(
        `SELECT token_hash FROM ${TABLE} WHERE expires > ?`,
        `ORDER BY id DESC LIMIT ${Math.max(0, Math.trunc(limit))}`,
      ),
    probeInstances: probe("instances"),
    probeNova: NOVA_TABLES.map(probe),
    findInstance: plain("SELECT 1 AS found FROM instances WHERE uuid = ? AND deleted = 0"),
    insert: plain(
      `INSERT INTO ${TABLE} (created_at, ${TOKEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    deleteOthersAt: plain(
      `DELETE FROM ${TABLE} WHERE host = ? AND port = ? AND internal_access_path ${isSame} ? AND instance_uuid <> ?`,
    ),
    deleteInstance: plain(`DELETE FROM ${TABLE} WHERE instance_uuid = ?`),
    deleteToken: plain(`DELETE FROM ${TABLE} WHERE token_hash = ?`),
    // A DELETE by expires alone has no index, and would lock every row that it looks at.
    findExpired: plain(`SELECT id FROM ${TABLE} WHERE expires <= ? LIMIT ${PURGE_BATCH}`),
    deleteIds: (count) =>
      plain(`DELETE FROM ${TABLE} WHERE id IN (${Array(count).fill("?").join(", ")})`),
    move: plain(
      `UPDATE ${TABLE} SET host = ?, port = ?, updated_at = ? WHERE instance_uuid = ? AND expires > ?`,
    ),
  };
}

function probe(table: string): string {
  return `SELECT 1 FROM ${table} LIMIT 0`;
}

/** `?` is MySQL's, `$1` PostgreSQL's. */
export function numberParameters(sql: string): string {
  let count = 0;
  return sql.replaceAll("?", () => `$${++count}`);
}
