import { writeFile } from "node:fs/promises";
import { encodeNovaConf } from "../nova-conf.ts";
import { output } from "../run.ts";
import { TempDir } from "../temp-dir.ts";
import type { Database } from "./database.ts";
import { MariaDb } from "./maria-db.ts";

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
    await api.#manage("api_db", "sync");
    await api.#manage("cell_v2", "map_cell0", "--database_connection", "mysql://u:p@nowhere/cell0");
    return api;
  }

  /** Both URLs may be templates. @returns the cell's UUID */
  async createCell(
    name: string,
    connection: string,
    transportUrl = `fake://${name}/`,
  ): Promise<string> {
    const printed = await this.#manage(
      ...["cell_v2", "create_cell", "--verbose", "--name", name],
      ...["--database_connection", connection, "--transport-url", transportUrl],
    );
    return printed.split("\n").at(-1) ?? "";
  }

  /** Takes a cell out of use, or back into it. */
  async setDisabled(uuid: string, disabled: boolean): Promise<void> {
    // nova-manage cell_v2 update_cell would put [database] connection into it as well.
    const flag = disabled ? 1 : 0;
    await this.database.sql(`UPDATE cell_mappings SET disabled = ${flag} WHERE uuid = '${uuid}'`);
  }

  async #manage(...args: readonly string[]): Promise<string> {
    const command = ["--config-file", this.confPath, ...args];
    return (await output("/usr/bin/nova-manage", command)).toString().trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
