import { describePlace, type DatabaseUrl } from "./database-url.ts";
import { MysqlPool } from "./mysql-pool.ts";
import { PostgresPool } from "./postgres-pool.ts";
import { SqlFailure } from "./sql-failure.ts";
import { breaksConnection, type SqlPool, type SqlResult, type SqlValue } from "./sql-pool.ts";
import { readTlsFiles } from "./tls-files.ts";

/** How often a statement is tried that gives way to others. */
const MAX_TRIES = 4;

/** The servers of one database: one of them is asked, another one when it cannot be reached. */
export class ServerGroup {
  readonly #pools: readonly SqlPool[];
  /** The one that answered last: the others are asked after it. */
  #first = 0;

  private constructor(pools: readonly SqlPool[]) {
    this.#pools = pools;
  }

  /**
   * Connects to nothing yet.
   *
   * @param size - most connections to each server
   * @throws {@link TokenStoreSettingError} if a file for TLS cannot be read
   */
  static open(url: DatabaseUrl, size: number): ServerGroup {
    const files = url.tls === null ? null : readTlsFiles(url.tls, describePlace(url));
    const Pool = url.dialect === "mysql" ? MysqlPool : PostgresPool;
    return new ServerGroup(url.servers.map((server) => new Pool(url, server, size, files)));
  }

  /** Asks something that may be asked twice. @throws {@link SqlFailure} */
  read(sql: string, values: readonly SqlValue[]): Promise<SqlResult> {
    return this.#run(sql, values, true);
  }

  /** Does something that is done once: not again where it is unknown whether it was done. @throws {@link SqlFailure} */
  write(sql: string, values: readonly SqlValue[]): Promise<SqlResult> {
    return this.#run(sql, values, false);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.close()));
  }

  async #run(sql: string, values: readonly SqlValue[], repeatable: boolean): Promise<SqlResult> {
    const count = this.#pools.length;
    const start = this.#first;
    let failure: unknown;
    for (let tried = 0; tried < count; tried++) {
      const index = (start + tried) % count;
      const pool = this.#pools[index];
      if (pool === undefined) break;
      try {
        const result = await runAt(pool, sql, values, repeatable);
        this.#first = index;
        return result;
      } catch (error) {
        failure = error;
        if (!mayMoveOn(error, repeatable)) break;
      }
    }
    throw failure;
  }
}

/** A connection that broke unnoticed is replaced once; who gave way tries again. */
async function runAt(
  pool: SqlPool,
  sql: string,
  values: readonly SqlValue[],
  repeatable: boolean,
): Promise<SqlResult> {
  let wasLost = false;
  for (let tries = 1; ; tries++) {
    try {
      return await pool.run(sql, values);
    } catch (error) {
      const kind = error instanceof SqlFailure ? error.kind : "other";
      const mayBeAskedAgain = kind === "read-only" || (kind === "lost" && repeatable);
      const replaces: boolean = mayBeAskedAgain && !wasLost;
      if (!(replaces || (kind === "gave-way" && tries < MAX_TRIES))) throw error;
      wasLost ||= replaces;
    }
  }
}

function mayMoveOn(error: unknown, repeatable: boolean): boolean {
  if (!(error instanceof SqlFailure)) return false;
  if (["unreachable", "busy", "read-only"].includes(error.kind)) return true;
  return repeatable && breaksConnection(error);
}
