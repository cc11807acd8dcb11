import type { ConnectionOptions } from "node:tls";
import { lookupWithin } from "@nova-console/name-lookup";
import pg from "pg";
import { describeServer, type DatabaseUrl, type ServerAddress } from "./database-url.ts";
import { connectFailureFrom, failureFrom, SqlFailure } from "./sql-failure.ts";
import { NamedSocket } from "./named-socket.ts";
import { NameWatch } from "./name-watch.ts";
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

const IDLE_MS = 60_000;
/** What the driver says when no connection became free in time. */
const NONE_IS_FREE = "timeout exceeded when trying to connect";
/** What the driver says when the server answers its SSLRequest with N. */
const NO_TLS = "The server does not support SSL connections";

/**
 * Connections to one PostgreSQL. A statement goes out in one piece (Parse, Bind, Execute, Sync)
 * without a name, which a pooler such as PgBouncer would not know on the next connection.
 */
export class PostgresPool implements SqlPool {
  readonly #server: string;
  readonly #options: pg.PoolConfig;
  readonly #url: DatabaseUrl;
  readonly #name = new NameWatch();
  readonly #load: PoolLoad;
  readonly #tls: ConnectionOptions | false;
  #pool: RetiringPool<pg.Pool>;

  constructor(url: DatabaseUrl, server: ServerAddress, size: number, files: TlsFiles | null) {
    this.#server = describeServer(server);
    this.#url = url;
    this.#load = new PoolLoad(this.#server, size);
    const { user, password, database, connectTimeoutMs } = url;
    this.#tls = server.host.startsWith("/") ? false : tlsOptions(url, files);
    const lookup = lookupWithin(connectTimeoutMs);
    this.#options = {
      ...server,
      user: user ?? undefined,
      password: password ?? undefined,
      database,
      max: size,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      application_name: "nova-console",
      ...(server.host.startsWith("/")
        ? {}
        : { stream: () => this.#name.follow(new NamedSocket(lookup)) }),
    };
    this.#pool = this.#open(this.#tls);
  }

  async run(sql: string, values: readonly SqlValue[]): Promise<SqlResult> {
    const current = this.#pool;
    const replace = (): void => {
      this.#replace(current, this.#tls);
    };
    try {
      return await current.use((pool) => this.#runOn(pool, sql, values, replace));
    } catch (error) {
      if (this.#url.tls?.optional !== true || !saysNoTls(error)) throw error;
      // Until the next pool: the server may have TLS when it comes back.
      this.#replace(current, false);
      const inClear = this.#pool;
      return inClear.use((pool) =>
        this.#runOn(pool, sql, values, () => {
          this.#replace(inClear, this.#tls);
        }),
      );
    }
  }

  /** @param onBroken - called if its connections are not to be trusted any more */
  async #runOn(
    pool: pg.Pool,
    sql: string,
    values: readonly SqlValue[],
    onBroken: () => void,
  ): Promise<SqlResult> {
    const client = await this.#connect(pool);
    this.#load.take();
    try {
      const asked = client.query<Record<string, unknown>>(sql, [...values]);
      const { rows, rowCount } = await within(
        this.#url.queryTimeoutMs,
        `${this.#server}: an answer`,
        asked,
      );
      client.release();
      this.#load.giveBack(true);
      return { rows, changes: rowCount ?? 0 };
    } catch (error) {
      const failure = failureFrom(error, this.#server);
      this.#load.giveBack(!breaksConnection(failure));
      const isBroken = breaksConnection(failure);
      client.release(isBroken);
      if (isBroken) onBroken();
      throw failure;
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connect(pool: pg.Pool): Promise<pg.PoolClient> {
    const failureOfWait = this.#load.startWait(this.#url.connectTimeoutMs);
    try {
      return await pool.connect();
    } catch (error) {
      if (error instanceof Error && error.message === NONE_IS_FREE)
        throw failureOfWait(this.#name.reasonOf(error));
      throw connectFailureFrom(this.#name.reasonOf(error), this.#server);
    }
  }

  #open(tls: ConnectionOptions | false): RetiringPool<pg.Pool> {
    const pool = new pg.Pool({ ...this.#options, ssl: tls });
    // An idle connection that breaks has left the pool already; a busy one fails its statement as well.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => client.on("error", () => undefined));
    return new RetiringPool(pool);
  }

  /** What a server that went away has left behind would each have to be waited for. */
  #replace(broken: RetiringPool<pg.Pool>, tls: ConnectionOptions | false): void {
    if (this.#pool !== broken) return;
    this.#pool = this.#open(tls);
    broken.retire();
  }
}

function saysNoTls(error: unknown): boolean {
  const cause = error instanceof SqlFailure ? error.cause : null;
  return cause instanceof Error && cause.message === NO_TLS;
}

function tlsOptions({ tls }: DatabaseUrl, files: TlsFiles | null): ConnectionOptions | false {
  if (tls === null) return false;
  return {
    ...files,
    rejectUnauthorized: tls.verify !== "nothing",
    ...(tls.verify === "name" ? {} : { checkServerIdentity: () => undefined }),
  };
}
