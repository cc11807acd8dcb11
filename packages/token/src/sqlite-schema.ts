import type { DatabaseSync } from "node:sqlite";

/**
 * nova's table, name for name, so that nova can write to it and we can read what nova wrote.
 * `tls_port` came to nova after Zed; a table without it is as good here, which does not read it.
 *
 * @see nova/db/main/models.py, `ConsoleAuthToken`
 */
const TABLE = `
CREATE TABLE IF NOT EXISTS console_auth_tokens (
  created_at DATETIME,
  updated_at DATETIME,
  id INTEGER NOT NULL PRIMARY KEY,
  token_hash VARCHAR(255) NOT NULL,
  console_type VARCHAR(255) NOT NULL,
  host VARCHAR(255) NOT NULL,
  port INTEGER NOT NULL,
  tls_port INTEGER,
  internal_access_path VARCHAR(255),
  instance_uuid VARCHAR(36) NOT NULL,
  expires INTEGER NOT NULL,
  access_url_base VARCHAR(255),
  CONSTRAINT uniq_console_auth_tokens0token_hash UNIQUE (token_hash)
)`;

const INDICES: readonly [name: string, columns: string][] = [
  ["console_auth_tokens_instance_uuid_idx", "instance_uuid"],
  ["console_auth_tokens_host_expires_idx", "host, expires"],
  ["console_auth_tokens_token_hash_idx", "token_hash"],
  ["console_auth_tokens_token_hash_instance_uuid_idx", "token_hash, instance_uuid"],
];

/** Makes the table and its indices where they are missing; writes nothing where they are not. */
export function createSchema(database: DatabaseSync): void {
  if (isComplete(database)) return;
  // Takes the write lock first: a read lock that grows into one fails at once when two start together.
  database.exec("BEGIN IMMEDIATE");
  try {
    database.exec(TABLE);
    for (const [name, columns] of INDICES) {
      database.exec(`CREATE INDEX IF NOT EXISTS ${name} ON console_auth_tokens (${columns})`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function isComplete(database: DatabaseSync): boolean {
  const names = new Set(
    database
      .prepare("SELECT name FROM sqlite_schema WHERE tbl_name = 'console_auth_tokens'")
      .all()
      .map((row) => row["name"]),
  );
  return names.has("console_auth_tokens") && INDICES.every(([name]) => names.has(name));
}
