import { randomUUID } from "node:crypto";
import {
  type AuthorizedConsole,
  buildAccessUrl,
  type ConnectInfo,
  type ConsoleRequest,
  decodeRow,
  encodeRow,
  InvalidConsoleRequestError,
  InvalidTokenError,
  Token,
  type TokenAuthority,
  TokenStoreError,
  validateConsoleRequest,
  validateEndpoint,
  validateInstanceUuid,
} from "@nova-console/token";
import { describePlace, parseDatabaseUrl } from "./database-url.ts";
import { InstancesTable, type StoreLog } from "./instances-table.ts";
import { ServerGroup } from "./server-group.ts";
import { PURGE_BATCH, type Statements, statementsFor } from "./statements.ts";
import { type ErrorSurroundings, storeErrorFrom } from "./store-error.ts";

/** How often at most an `authorize` also removes what has expired. */
const PURGE_INTERVAL_MS = 60_000;

/** Where a {@link SqlTokenStore} is kept. */
export interface SqlTokenStoreOptions {
  /** An SQLAlchemy URL of MySQL, MariaDB or PostgreSQL. */
  readonly connection: string;
  /** Where that URL stands, for errors: `[database] connection`. */
  readonly setting: string;
  /** Most connections to a server. */
  readonly maxPoolSize: number;
  /** The clock: milliseconds since the epoch, as `Date.now`. */
  readonly now: () => number;
  readonly log?: StoreLog | undefined;
}

/**
 * nova's own `console_auth_tokens` in a cell's database.
 *
 * Connects when it is asked, and again after the database was away. A check is one statement in one
 * round trip; a token whose instance nova has deleted is not good.
 *
 * @see nova/objects/console_auth_token.py
 */
export class SqlTokenStore implements TokenAuthority {
  readonly place: string;
  readonly #servers: ServerGroup;
  readonly #statements: Statements;
  readonly #surroundings: ErrorSurroundings;
  readonly #now: () => number;
  readonly #instances: InstancesTable;
  #lastPurgeMs = -Infinity;
  #closed = false;

  private constructor(options: SqlTokenStoreOptions) {
    const { connection, setting, maxPoolSize, now, log } = options;
    const url = parseDatabaseUrl(connection, setting);
    this.place = describePlace(url);
    this.#servers = ServerGroup.open(url, maxPoolSize);
    this.#statements = statementsFor(url.dialect);
    this.#surroundings = { place: this.place, setting, password: url.password };
    this.#now = now;
    this.#instances = new InstancesTable({
      read: (sql, values) => this.#servers.read(sql, values),
      ...{ statements: this.#statements, place: this.place, now, log },
    });
  }

  /**
   * Reads the URL, and connects to nothing yet.
   *
   * @throws {@link TokenStoreSettingError} if it is none, or names a file that cannot be read
   */
  static open(options: SqlTokenStoreOptions): SqlTokenStore {
    return new SqlTokenStore(options);
  }

  validate(token: Token): Promise<ConnectInfo> {
    return this.#ask(async ({ validate }) => {
      const { rows } = await this.#instances.ask(validate, [token.digest, this.#nowSeconds()]);
      const [row] = rows;
      if (row === undefined) throw new InvalidTokenError();
      return decodeRow(row, this.place);
    });
  }

  authorize(request: ConsoleRequest): Promise<AuthorizedConsole> {
    return this.#ask(async ({ insert, deleteOthersAt, deleteToken }) => {
      const given = request.token;
      const {
        ttlSeconds,
        token = new Token(randomUUID()),
        ...place
      } = validateConsoleRequest(request);
      await this.#requireInstance(place.instanceUuid);
      if (this.#now() - this.#lastPurgeMs >= PURGE_INTERVAL_MS) await this.#purgeSome();
      const expires = this.#nowSeconds() + ttlSeconds;
      const info = { ...place, tokenDigest: token.digest, expires };
      // Before anything is written: a token that has no URL must not be left.
      const url = buildAccessUrl(info.accessUrlBase, token, info.consoleType);
      // One that was given may come twice: the message broker can deliver a request again.
      if (given !== undefined) await this.#servers.write(deleteToken, [token.digest]);
      await this.#servers.write(insert, [this.#timestamp(), ...encodeRow(info)]);
      // After it: of two that are given one place at the same time none may think that it has it alone.
      await this.#deleteOthersAt(deleteOthersAt, info);
      return { token, info, url };
    });
  }

  revokeInstance(instanceUuid: string): Promise<number> {
    return this.#ask(async ({ countInstance, deleteInstance }) => {
      const uuid = validateInstanceUuid(instanceUuid);
      const { rows } = await this.#instances.ask(countInstance, [uuid, this.#nowSeconds()]);
      await this.#servers.read(deleteInstance, [uuid]);
      return Number(rows[0]?.["live"] ?? 0);
    });
  }

  revokeToken(token: Token): Promise<boolean> {
    return this.#ask(async ({ validate, deleteToken }) => {
      const { rows } = await this.#instances.ask(validate, [token.digest, this.#nowSeconds()]);
      await this.#servers.read(deleteToken, [token.digest]);
      return rows.length > 0;
    });
  }

  list(): Promise<ConnectInfo[]> {
    return this.#ask(async ({ list }) => {
      const { rows } = await this.#instances.ask(list, [this.#nowSeconds()]);
      return rows.map((row) => decodeRow(row, this.place));
    });
  }

  liveDigests(limit: number): Promise<readonly string[]> {
    return this.#ask(async ({ liveDigests }) => {
      const { rows } = await this.#instances.ask(liveDigests(limit), [this.#nowSeconds()]);
      return rows.map((row) => String(row["token_hash"]));
    });
  }

  purge(): Promise<number> {
    return this.#ask(() => this.#purge());
  }

  move(instanceUuid: string, host: string, port: number): Promise<number> {
    return this.#ask(async ({ move, deleteOthersAt }) => {
      const uuid = validateInstanceUuid(instanceUuid);
      validateEndpoint(host, port);
      const values = [host, port, this.#timestamp(), uuid, this.#nowSeconds()];
      const { changes } = await this.#servers.read(move, values);
      const place = { host, port, internalAccessPath: null, instanceUuid: uuid };
      await this.#deleteOthersAt(deleteOthersAt, place);
      return changes;
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#servers.close();
  }

  async #deleteOthersAt(
    sql: string,
    place: Pick<ConnectInfo, "host" | "port" | "internalAccessPath" | "instanceUuid">,
  ): Promise<void> {
    const { host, port, internalAccessPath, instanceUuid } = place;
    await this.#servers.read(sql, [host, port, internalAccessPath, instanceUuid]);
  }

  /** nova mints no token for an instance that it does not have, and believes none. */
  async #requireInstance(uuid: string): Promise<void> {
    if (await this.#instances.mayHave(uuid)) return;
    const allowed = "an instance in this nova database that is not deleted";
    throw new InvalidConsoleRequestError("instance_uuid", uuid, allowed);
  }

  /** @param most - batches of {@link PURGE_BATCH} */
  async #purge(most = Infinity): Promise<number> {
    this.#lastPurgeMs = this.#now();
    const { findExpired, deleteIds } = this.#statements;
    let batches = 0;
    for (let purged = 0; ;) {
      const { rows } = await this.#servers.read(findExpired, [this.#nowSeconds()]);
      const ids = rows.map((row) => Number(row["id"]));
      if (ids.length === 0) return purged;
      const { changes } = await this.#servers.read(deleteIds(ids.length), ids);
      purged += changes;
      if (changes === 0 || ids.length < PURGE_BATCH) return purged;
      if (++batches >= most) return purged;
    }
  }

  /** Whoever mints a token waits for one batch, and not for its success. */
  async #purgeSome(): Promise<void> {
    await this.#purge(1).catch(() => 0);
  }

  async #ask<T>(question: (statements: Statements) => Promise<T>): Promise<T> {
    if (this.#closed) throw new TokenStoreError(`token store ${this.place}: is closed`);
    try {
      return await question(this.#statements);
    } catch (error) {
      throw storeErrorFrom(error, this.#surroundings);
    }
  }

  /** nova compares whole seconds, rounded down. */
  #nowSeconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** A DATETIME, in UTC. */
  #timestamp(): string {
    return new Date(this.#now()).toISOString().replace("T", " ").replace("Z", "");
  }
}
