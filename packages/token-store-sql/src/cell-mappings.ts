import { TokenStoreError } from "@nova-console/token";
import { expandCellTemplate } from "./cell-template.ts";
import { describePlace, parseDatabaseUrl } from "./database-url.ts";
import { ServerGroup } from "./server-group.ts";
import { type ErrorSurroundings, storeErrorFrom } from "./store-error.ts";

/** Where instances are that no cell took: they have no screen. */
const CELL0_UUID = "00000000-0000-0000-0000-000000000000";
const SQL = "SELECT uuid, name, database_connection, disabled FROM cell_mappings ORDER BY id";
const SETTING = "[api_database] connection";

/** A cell as nova's API database has it. */
export interface CellMapping {
  /** For people: its name and UUID. */
  readonly identity: string;
  /** Its database's URL, expanded; it holds a password. */
  readonly connection: string;
}

/** What {@link CellMappings.open} is told. */
export interface CellMappingsOptions {
  /** `[api_database] connection` */
  readonly apiConnection: string;
  /** `[database] connection`, whose parts go into templates; null when unset. */
  readonly ownConnection: string | null;
}

/** nova's list of cells, in its API database. */
export class CellMappings {
  readonly #servers: ServerGroup;
  readonly #ownConnection: string | null;
  readonly #surroundings: ErrorSurroundings;

  private constructor(options: CellMappingsOptions) {
    const url = parseDatabaseUrl(options.apiConnection, SETTING);
    // It is asked once a minute.
    this.#servers = ServerGroup.open(url, 1);
    this.#ownConnection = options.ownConnection;
    this.#surroundings = { place: describePlace(url), setting: SETTING, password: url.password };
  }

  /** Connects to nothing yet. @throws {@link TokenStoreSettingError} */
  static open(options: CellMappingsOptions): CellMappings {
    return new CellMappings(options);
  }

  /**
   * Reads which cells there are, but cell0 and those that are disabled.
   *
   * @throws {@link TokenStoreError} if that cannot be read, or there is none
   */
  async read(): Promise<readonly CellMapping[]> {
    const { place } = this.#surroundings;
    let rows;
    try {
      ({ rows } = await this.#servers.read(SQL, []));
    } catch (error) {
      throw storeErrorFrom(error, this.#surroundings);
    }
    const cells = rows.flatMap((row) => this.#mappingOf(row));
    if (cells.length > 0) return cells;
    throw new TokenStoreError(
      `token store ${place}: no cell is mapped; see: nova-manage cell_v2 list_cells`,
    );
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  #mappingOf(row: Readonly<Record<string, unknown>>): CellMapping[] {
    const { uuid, name, database_connection: template, disabled } = row;
    if (typeof uuid !== "string" || uuid === CELL0_UUID) return [];
    // tinyint(1) in MySQL, boolean in PostgreSQL
    if (disabled === true || disabled === 1) return [];
    const identity = typeof name === "string" && name !== "" ? `${name} (${uuid})` : uuid;
    if (typeof template !== "string") return [{ identity, connection: "" }];
    return [{ identity, connection: expandCellTemplate(template, this.#ownConnection) }];
  }
}
