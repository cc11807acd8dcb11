import { writeFile } from "node:fs/promises";
import { encodeNovaConf } from "../nova-conf.ts";
import { output } from "../run.ts";
import { TempDir } from "../temp-dir.ts";
import type { Database } from "./database.ts";
import { MariaDb } from "./maria-db.ts";
import { NovaCompute } from "./nova-compute.ts";
import { Postgres } from "./postgres.ts";
import { RabbitMq } from "./rabbit-mq.ts";

const TTL_SECONDS = 86_400;
const databases = { MariaDB: MariaDb, PostgreSQL: Postgres };

/**
 * A nova cell as far as consoles go: a database with nova's own tables, a message queue, and a
 * compute service that mints tokens and answers for them. nova's own nova-novncproxy runs on
 * `--config-file` {@link confPath}.
 */
export class NovaCell implements AsyncDisposable {
  readonly confPath: string;
  readonly database: Database;
  readonly queue: RabbitMq;
  readonly compute: NovaCompute;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    confPath: string,
    database: Database,
    queue: RabbitMq,
    compute: NovaCompute,
    owned: AsyncDisposableStack,
  ) {
    this.confPath = confPath;
    this.database = database;
    this.queue = queue;
    this.compute = compute;
    this.#owned = owned;
  }

  /** Starts all of it: some ten seconds. */
  static async start(kind: keyof typeof databases = "MariaDB"): Promise<NovaCell> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const database = owned.use(await databases[kind].start("nova_cell"));
    const queue = owned.use(await RabbitMq.start());
    const confPath = directory.file("nova.conf");
    const conf = encodeNovaConf({
      DEFAULT: {
        state_path: directory.path,
        transport_url: queue.url,
        // Its processes share the lock of its log: the more they write, the likelier one is never woken.
        default_log_levels: "nova=WARNING",
      },
      database: { connection: database.url },
    });
    await writeFile(confPath, conf);
    const sync = ["--config-file", confPath, "db", "sync", "--local_cell"];
    await output("/usr/bin/nova-manage", sync);
    const compute = owned.use(await NovaCompute.start(confPath));
    return new NovaCell(confPath, database, queue, compute, owned.move());
  }

  /** Makes an instance whose VNC server is there. @returns a token for its console */
  authorize(
    host: string,
    port: number,
    type: "novnc" | "xvpvnc" | "spice-html5" = "novnc",
  ): Promise<string> {
    return this.compute.authorize({
      host,
      port,
      console_type: type,
      access_url_base: "http://127.0.0.1:6080/vnc_lite.html",
      internal_access_path: null,
      ttl: TTL_SECONDS,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
