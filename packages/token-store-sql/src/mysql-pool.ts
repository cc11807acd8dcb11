import { connect } from "node:net";
import { lookupWithin } from "@nova-console/name-lookup";
import { createPool, type PoolOptions } from "mysql2";
import type { Pool, PoolConnection } from "mysql2/promise";
import { describeServer, type DatabaseUrl, type ServerAddress } from "./database-url.ts";
import { NameWatch } from "./name-watch.ts";
import { connectFailureFrom, failureFrom, SqlFailure } from "./sql-failure.ts";
import { RetiringPool } from "./retiring-pool.ts";
import {
  breaksConnection,
  PoolLoad,
  type SqlPool,
  type SqlResult,
  type SqlValue,
  within,
} from "./sql-pool.ts";
import type { TlsFiles } from "./tls-files.ts";

const CHARSETS = {
  utf8mb4: "UTF8MB4_GENERAL_CI",
  utf8: "UTF8_GENERAL_CI",
  latin1: "LATIN1_SWEDISH_CI",
} as const;

/**
 * As oslo.db has it, a value that does not fit is an error. And whatever the server's default is, no
 * transaction stays open: in one, tokens minted after its first question would not be seen.
 */
const FIRST_STATEMENT = "SET autocommit = 1, sql_mode = 'TRADITIONAL'";

/** Most who wait for each connection: the driver keeps even those who have given up. */
const MAX_WAITING = 200;
/** What the driver says when there are more. */
const QUEUE_IS_FULL = "Queue limit reached.";

/** Connections to one MySQL or MariaDB; statements are prepared once on each. */
export class MysqlPool implements SqlPool {
  readonly #server: string;
  readonly #options: PoolOptions;
  readonly #url: DatabaseUrl;
  readonly #name = new NameWatch();
  readonly #load: PoolLoad;
  #pool: RetiringPool<Pool>;

  constructor(url: DatabaseUrl, server: ServerAddress, size: number, files: TlsFiles | null) {
    this.#server = describeServer(server);
    this.#url = url;
    this.#load = new PoolLoad(this.#server, size);
    const { user, password, database, connectTimeoutMs, charset, tls } = url;
    const { host, port } = server;
    const tcp = { lookup: lookupWithin(connectTimeoutMs), keepAlive: true, noDelay: true };
    this.#options = {
      ...(host.startsWith("/")
        ? { socketPath: host }
        : { host, port, stream: () => this.#name.follow(connect({ ...tcp, host, port })) }),
      ...(user === null ? {} : { user }),
      ...(password === null ? {} : { password }),
      database,
      charset: CHARSETS[charset],
      connectTimeout: connectTimeoutMs,
      connectionLimit: size,
      queueLimit: MAX_WAITING * size,
      ...(tls === null || files === null
        ? {}
        : {
            ssl: {
              ...files,
              rejectUnauthorized: tls.verify !== "nothing",
              verifyIdentity: tls.verify === "name",
            },
          }),
    };
    this.#pool = this.#open();
  }

  run(sql: string, values: readonly SqlValue[]): Promise<SqlResult> {
    const current = this.#pool;
    return current.use((pool) =>
      this.#runOn(pool, sql, values, () => {
        this.#replace(current);
      }),
    );
  }

  /** @param onBroken - called if its connections are not to be trusted any more */
  async #runOn(
    pool: Pool,
    sql: string,
    values: readonly SqlValue[],
    onBroken: () => void,
  ): Promise<SqlResult> {
    const connection = await this.#connect(pool);
    this.#load.take();
    try {
      const asked = connection.execute(sql, [...values]);
      const [result] = await within(this.#url.queryTimeoutMs, `${this.#server}: an answer`, asked);
      connection.release();
      this.#load.giveBack(true);
      if (Array.isArray(result)) return { rows: result as SqlResult["rows"], changes: 0 };
      return { rows: [], changes: result.affectedRows };
    } catch (error) {
      const failure = failureFrom(error, this.#server);
      this.#load.giveBack(!breaksConnection(failure));
      if (breaksConnection(failure)) {
        connection.destroy();
        onBroken();
      } else connection.release();
      throw failure;
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connect(pool: Pool): Promise<PoolConnection> {
    const limitMs = this.#url.connectTimeoutMs;
    const wanted = pool.getConnection();
    const failureOfWait = this.#load.startWait(limitMs);
    try {
      return await within(limitMs, `${this.#server}: a connection`, wanted);
    } catch (error) {
      // It may come yet, when nobody waits for it any more.
      wanted.then(
        (late) => {
          late.release();
        },
        () => undefined,
      );
      if (error instanceof SqlFailure) throw failureOfWait(this.#name.reasonOf(error));
      if (error instanceof Error && error.message === QUEUE_IS_FULL) {
        throw this.#load.queueIsFull(error);
      }
      throw connectFailureFrom(this.#name.reasonOf(error), this.#server);
    }
  }

  #open(): RetiringPool<Pool> {
    const pool = createPool(this.#options);
    pool.on("connection", (connection) => {
      connection.query(FIRST_STATEMENT, (error) => {
        if (error !== null) connection.destroy();
      });
    });
    return new RetiringPool(pool.promise());
  }

  /** What a server that went away has left behind would each have to be waited for. */
  #replace(broken: RetiringPool<Pool>): void {
    if (this.#pool !== broken) return;
    this.#pool = this.#open();
    broken.retire();
  }
}
