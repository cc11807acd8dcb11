import { join } from "node:path";
import { TokenStoreSettingError } from "./errors.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";

/** File name of the embedded store under `state_path`. */
const FILE_NAME = "consoles.sqlite";
const SUPPORTED =
  "tokens are kept in SQLite, MySQL or PostgreSQL: leave [database] connection out for $state_path/consoles.sqlite, " +
  "or set sqlite:////absolute/path (sqlite:///path is relative to the working directory), mysql:// or postgresql://";

/** What decides where tokens are kept. */
export interface TokenStoreLocation {
  /** `[database] connection`, an SQLAlchemy URL; null when unset. */
  readonly connection: string | null;
  /** `state_path`. */
  readonly statePath: string;
  /** The clock: milliseconds since the epoch, as `Date.now`. */
  readonly now: () => number;
  /** Within this each question is answered or refused. */
  readonly connectTimeoutMs: number;
}

/**
 * Opens the store that the configuration names.
 *
 * @throws {@link TokenStoreSettingError} if that kind of store is not supported
 * @throws {@link TokenStoreError} if the store cannot be opened
 */
export async function openTokenStore(location: TokenStoreLocation): Promise<SqliteTokenStore> {
  const { connection, statePath, now, connectTimeoutMs } = location;
  const path =
    connection === null || connection === ""
      ? join(statePath, FILE_NAME)
      : parseSqliteConnection(connection);
  return SqliteTokenStore.open({ path, now, connectTimeoutMs });
}

/**
 * Takes the file's path out of SQLAlchemy's form of an SQLite URL: three slashes and a relative
 * path, or four in all with an absolute one. As there, nothing is percent-decoded.
 *
 * @throws {@link TokenStoreSettingError} if it is another kind of database, or one in memory; the error
 *   names the scheme only, since the rest may hold a password
 */
export function parseSqliteConnection(connection: string): string {
  const scheme = /^([a-z0-9_+.-]+):\/\//i.exec(connection)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw new TokenStoreSettingError(
      `[database] connection has no scheme such as sqlite://; ${SUPPORTED}`,
    );
  }
  if (scheme !== "sqlite" && scheme !== "sqlite+pysqlite") {
    throw new TokenStoreSettingError(`[database] connection is of kind ${scheme}://; ${SUPPORTED}`);
  }
  const afterHost = connection.slice(scheme.length + "://".length);
  if (!afterHost.startsWith("/") && afterHost !== "") {
    throw new TokenStoreSettingError(
      `[database] connection names a host, which sqlite has not; ${SUPPORTED}`,
    );
  }
  const [path = ""] = afterHost.slice(1).split("?");
  if (path === "" || path === ":memory:") {
    throw new TokenStoreSettingError(
      `[database] connection keeps tokens in memory, where no other process sees them; ${SUPPORTED}`,
    );
  }
  return path;
}
