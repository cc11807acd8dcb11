import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { encodeNovaConf } from "../nova-conf.ts";
import { output } from "../run.ts";
import { TempDir } from "../temp-dir.ts";
import type { Database } from "./database.ts";
import { MariaDb } from "./maria-db.ts";

const CELL0 = "00000000-0000-0000-0000-000000000000";

/** nova's API database, in which nova-manage keeps the list of cells. */
export class CellList implements AsyncDisposable {
  readonly database: Database;
  /** A nova.conf with both databases. */
  readonly confPath: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(database: Database, confPath: string, owned: AsyncDisposableStack) {
    this.database = database;
    this.confPath = confPath;
    this.#owned = owned;
  }

  /**
   * @param ownConnection - `[database] connection`, whose parts go into templates
   * @param ownTransportUrl - `[DEFAULT] transport_url`, as above
   */
  static async start(ownConnection: string, ownTransportUrl?: string): Promise<CellList> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const database = owned.use(await MariaDb.start("nova_api"));
    const confPath = directory.file("nova.conf");
    const conf = encodeNovaConf({
      DEFAULT: {
        state_path: directory.path,
        ...(ownTransportUrl === undefined ? {} : { transport_url: ownTransportUrl }),
      },
      database: { connection: ownConnection },
      api_database: { connection: database.url },
    });
    await writeFile(confPath, conf);
    const api = new CellList(database, confPath, owned.move());
    await output("/usr/bin/nova-manage", ["--config-file", confPath, "api_db", "sync"]);
    await api.#insert(CELL0, "cell0", "mysql://u:p@nowhere/cell0", "none:///");
    return api;
  }

  /** Both URLs may be templates. @returns the cell's UUID */
  async createCell(
    name: string,
    connection: string,
    transportUrl = `fake://${name}/`,
  ): Promise<string> {
    const uuid = randomUUID();
    await this.#insert(uuid, name, connection, transportUrl);
    return uuid;
  }

  /** Takes a cell out of use, or back into it. */
  async setDisabled(uuid: string, disabled: boolean): Promise<void> {
    const flag = disabled ? 1 : 0;
    await this.database.sql(`UPDATE cell_mappings SET disabled = ${flag} WHERE uuid = '${uuid}'`);
  }

  /** As `nova-manage cell_v2 create_cell` does, which takes some seconds. */
  async #insert(uuid: string, name: string, connection: string, url: string): Promise<void> {
    const values = [uuid, name, connection, url].map((value) => `'${value}'`).join(", ");
    await this.database.sql(
      `INSERT INTO cell_mappings (uuid, name, database_connection, transport_url, disabled) VALUES (${values}, 0)`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
