import { describePlace, parseDatabaseUrl } from "./database-url.ts";
import { ServerGroup } from "./server-group.ts";
import { numberParameters } from "./statements.ts";
import { type ErrorSurroundings, storeErrorFrom } from "./store-error.ts";

/** What {@link CellDatabase.open} is told. */
export interface CellDatabaseOptions {
  /** An SQLAlchemy URL. */
  readonly connection: string;
  /** Where it stands, for errors: `[database] connection`. */
  readonly setting: string;
  /** Most connections to a server. */
  readonly maxPoolSize: number;
}

/** A database of nova's, for questions about other things than tokens. */
export class CellDatabase {
  readonly #servers: ServerGroup;
  readonly #isMysql: boolean;
  readonly #surroundings: ErrorSurroundings;

  private constructor({ connection, setting, maxPoolSize }: CellDatabaseOptions) {
    const url = parseDatabaseUrl(connection, setting);
    this.#servers = ServerGroup.open(url, maxPoolSize);
    this.#isMysql = url.dialect === "mysql";
    this.#surroundings = { place: describePlace(url), setting, password: url.password };
  }

  /** Connects to nothing yet. @throws {@link TokenStoreSettingError} if the URL is none */
  static open(options: CellDatabaseOptions): CellDatabase {
    return new CellDatabase(options);
  }

  /**
   * Asks something; both databases must understand it.
   *
   * @param values - for its `?`, in order
   * @throws {@link TokenStoreError}
   */
  async query(
    statement: string,
    values: readonly string[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const sql = this.#isMysql ? statement : numberParameters(statement);
    try {
      return (await this.#servers.read(sql, values)).rows;
    } catch (error) {
      throw storeErrorFrom(error, this.#surroundings);
    }
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#servers.close();
  }
}
