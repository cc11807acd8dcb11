import { TokenStoreError } from "@nova-console/token";
import { expandCellTemplate } from "./cell-template.ts";
import { describePlace, parseDatabaseUrl } from "./database-url.ts";
import { ServerGroup } from "./server-group.ts";
import { type ErrorSurroundings, storeErrorFrom } from "./store-error.ts";

/** Where instances are that no cell took: they have no screen. */
const CELL0_UUID = "00000000-0000-0000-0000-000000000000";
const SQL = "SELECT uuid, name, transport_url, database_connection FROM cell_mappings ORDER BY id";
const SETTING = "[api_database] connection";

/** A cell as nova's API database has it, templates expanded; both URLs hold passwords. */
export interface CellMapping {
  readonly uuid: string;
  /** For people: its name and UUID. */
  readonly identity: string;
  /** URL of its database. */
  readonly connection: string;
  /** URL of its message broker. */
  readonly transportUrl: string;
}

/** What {@link CellMappings.open} is told. */
export interface CellMappingsOptions {
  /** `[api_database] connection` */
  readonly apiConnection: string;
  /** `[database] connection`, whose parts go into templates; null when unset. */
  readonly ownConnection: string | null;
  /** `[DEFAULT] transport_url`, as above. */
  readonly ownTransportUrl: string | null;
}

/** nova's list of cells, in its API database. */
export class CellMappings {
  /** The API database, for people. */
  readonly place: string;
  readonly #servers: ServerGroup;
  readonly #options: CellMappingsOptions;
  readonly #surroundings: ErrorSurroundings;

  private constructor(options: CellMappingsOptions) {
    const url = parseDatabaseUrl(options.apiConnection, SETTING);
    this.place = describePlace(url);
    // One question at a time: the list is short and rarely read.
    this.#servers = ServerGroup.open(url, 1);
    this.#options = options;
    this.#surroundings = { place: this.place, setting: SETTING, password: url.password };
  }

  /** Connects to nothing yet. @throws {@link TokenStoreSettingError} */
  static open(options: CellMappingsOptions): CellMappings {
    return new CellMappings(options);
  }

  /**
   * Reads which cells there are, but cell0. A disabled cell is one of them: nova places no new instances
   * there, and those that it has keep their consoles.
   *
   * @throws {@link TokenStoreError} if that cannot be read, or there is none
   */
  async read(): Promise<readonly CellMapping[]> {
    let rows;
    try {
      ({ rows } = await this.#servers.read(SQL, []));
    } catch (error) {
      throw storeErrorFrom(error, this.#surroundings);
    }
    const cells = rows.flatMap((row) => this.#mappingOf(row));
    if (cells.length > 0) return cells;
    throw new TokenStoreError(
      `token store ${this.place}: no cell is mapped; see: nova-manage cell_v2 list_cells`,
    );
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  #mappingOf(row: Readonly<Record<string, unknown>>): CellMapping[] {
    const { uuid, name, database_connection: database, transport_url: transport } = row;
    if (typeof uuid !== "string" || uuid === CELL0_UUID) return [];
    const { ownConnection, ownTransportUrl } = this.#options;
    return [
      {
        uuid,
        identity: typeof name === "string" && name !== "" ? `${name} (${uuid})` : uuid,
        connection: expandCellTemplate(textOf(database), ownConnection),
        transportUrl: expandCellTemplate(textOf(transport), ownTransportUrl),
      },
    ];
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
