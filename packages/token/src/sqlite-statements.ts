import type { DatabaseSync, StatementSync } from "node:sqlite";
import { TOKEN_COLUMNS } from "./token-row.ts";

/**
 * Every question the store asks, prepared once.
 *
 * `expires > now` in whole seconds is nova's rule. @see nova/db/main/api.py, `console_auth_token_*`
 */
export interface Statements {
  /** token_hash, now */
  readonly validate: StatementSync;
  /** created_at, then {@link TOKEN_COLUMNS} */
  readonly insert: StatementSync;
  /** instance_uuid, now */
  readonly countInstance: StatementSync;
  /** instance_uuid */
  readonly deleteInstance: StatementSync;
  /** host, port, internal_access_path, instance_uuid */
  readonly deleteOthersAt: StatementSync;
  /** token_hash */
  readonly deleteToken: StatementSync;
  /** now */
  readonly list: StatementSync;
  /** now, limit */
  readonly liveDigests: StatementSync;
  /** now */
  readonly purge: StatementSync;
  /** host, port, updated_at, instance_uuid, now */
  readonly move: StatementSync;
}

/** The lookup of a token: by its unique hash. */
export const VALIDATE_SQL = `SELECT ${TOKEN_COLUMNS} FROM console_auth_tokens WHERE token_hash = ? AND expires > ? LIMIT 1`;

/** Prepares the statements; fails where the table is not nova's. */
export function prepareStatements(database: DatabaseSync): Statements {
  return {
    validate: database.prepare(VALIDATE_SQL),
    insert: database.prepare(
      `INSERT INTO console_auth_tokens (created_at, ${TOKEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    countInstance: database.prepare(
      "SELECT count(*) AS live FROM console_auth_tokens WHERE instance_uuid = ? AND expires > ?",
    ),
    deleteInstance: database.prepare("DELETE FROM console_auth_tokens WHERE instance_uuid = ?"),
    // An index on host and expires finds the few rows of one host.
    deleteOthersAt: database.prepare(
      "DELETE FROM console_auth_tokens WHERE host = ? AND port = ? AND internal_access_path IS ? AND instance_uuid <> ?",
    ),
    deleteToken: database.prepare("DELETE FROM console_auth_tokens WHERE token_hash = ?"),
    list: database.prepare(
      `SELECT ${TOKEN_COLUMNS} FROM console_auth_tokens WHERE expires > ? ORDER BY instance_uuid, expires, id`,
    ),
    // By the primary key: what was minted last.
    liveDigests: database.prepare(
      "SELECT token_hash FROM console_auth_tokens WHERE expires > ? ORDER BY id DESC LIMIT ?",
    ),
    // The inner query reads only the (host, expires) index, so that a purge of nothing costs little.
    purge: database.prepare(
      "DELETE FROM console_auth_tokens WHERE id IN (SELECT id FROM console_auth_tokens WHERE expires <= ?)",
    ),
    move: database.prepare(
      "UPDATE console_auth_tokens SET host = ?, port = ?, updated_at = ? WHERE instance_uuid = ? AND expires > ?",
    ),
  };
}
