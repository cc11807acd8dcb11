import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import type { Authority } from "../authority.ts";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { output } from "../run.ts";
import { accepting } from "../tcp.ts";
import { TempDir } from "../temp-dir.ts";
import type { Database } from "./database.ts";

/** A MariaDB of its own with one empty database. */
export class MariaDb implements Database {
  readonly url: string;
  readonly port: number;
  readonly #name: string;
  readonly #args: readonly string[];
  readonly #owned: AsyncDisposableStack;
  #server: Child;

  private constructor(
    name: string,
    port: number,
    args: readonly string[],
    server: Child,
    owned: AsyncDisposableStack,
  ) {
    this.url = `mysql+pymysql://${name}:${name}@127.0.0.1:${port}/${name}`;
    this.port = port;
    this.#name = name;
    this.#args = args;
    this.#server = server;
    this.#owned = owned;
  }

  /**
   * @param database - the database's name, and that of the user who may do all in it
   * @param authority - whose certificate it has for TLS; without one it has no TLS
   */
  static async start(database: string, authority?: Authority): Promise<MariaDb> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const port = await freePort();
    // As root it wants to be told that this is meant.
    const common = [
      "--no-defaults",
      `--user=${userInfo().username}`,
      `--datadir=${directory.file("data")}`,
    ];
    await output("mariadb-install-db", [...common, "--skip-test-db"]);
    const user = `${database}@127.0.0.1`;
    const statements = [
      `CREATE DATABASE IF NOT EXISTS ${database} CHARACTER SET utf8;`,
      `CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY '${database}';`,
      `GRANT ALL ON ${database}.* TO ${user};`,
    ];
    await writeFile(directory.file("init.sql"), `${statements.join("\n")}\n`);
    const args = [
      ...common,
      ...["--bind-address=127.0.0.1", `--port=${port}`, "--skip-name-resolve"],
      ...[`--socket=${directory.file("socket")}`, `--init-file=${directory.file("init.sql")}`],
      ...(authority === undefined
        ? []
        : [`--ssl-cert=${authority.serverCertPath}`, `--ssl-key=${authority.serverKeyPath}`]),
      // Nothing here has to outlive the machine.
      "--innodb-flush-log-at-trx-commit=0",
    ];
    const server = owned.use(await startServer(args, port));
    return new MariaDb(database, port, args, server, owned.move());
  }

  async sql(statement: string): Promise<string> {
    const to = ["--host=127.0.0.1", `--port=${this.port}`, `--user=${this.#name}`];
    const printed = await output("mariadb", [
      ...["--no-defaults", ...to, `--password=${this.#name}`, "--skip-column-names", "--batch"],
      ...["--execute", statement, this.#name],
    ]);
    return printed.toString().trim();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async restart(): Promise<void> {
    this.#server = this.#owned.use(await startServer(this.#args, this.port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

async function startServer(args: readonly string[], port: number): Promise<Child> {
  const server = await Child.start("/usr/sbin/mariadbd", args);
  await accepting(server, { host: "127.0.0.1", port });
  return server;
}
