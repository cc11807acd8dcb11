import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { output } from "../run.ts";
import { accepting } from "../tcp.ts";
import { TempDir } from "../temp-dir.ts";

/** A MariaDB of its own with one empty database, gone with its scope. */
export class MariaDb implements AsyncDisposable {
  /** As SQLAlchemy and nova.conf's `[database] connection` have it. */
  readonly url: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(url: string, owned: AsyncDisposableStack) {
    this.url = url;
    this.#owned = owned;
  }

  /** @param database - the database's name, and that of the user who may do all in it */
  static async start(database: string): Promise<MariaDb> {
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
      `CREATE DATABASE ${database} CHARACTER SET utf8;`,
      `CREATE USER ${user} IDENTIFIED BY '${database}';`,
      `GRANT ALL ON ${database}.* TO ${user};`,
    ];
    await writeFile(directory.file("init.sql"), `${statements.join("\n")}\n`);
    const child = owned.use(
      await Child.start("/usr/sbin/mariadbd", [
        ...common,
        ...["--bind-address=127.0.0.1", `--port=${port}`, "--skip-name-resolve"],
        ...[`--socket=${directory.file("socket")}`, `--init-file=${directory.file("init.sql")}`],
        // Nothing here has to outlive the machine.
        "--innodb-flush-log-at-trx-commit=0",
      ]),
    );
    await accepting(child, { host: "127.0.0.1", port });
    const url = `mysql+pymysql://${database}:${database}@127.0.0.1:${port}/${database}`;
    return new MariaDb(url, owned.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
