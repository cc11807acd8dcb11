import { chmod, chown, copyFile, readdir, writeFile } from "node:fs/promises";
import type { Authority } from "../authority.ts";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { output } from "../run.ts";
import { TempDir } from "../temp-dir.ts";
import type { Database } from "./database.ts";

/** Debian keeps each version's programs in a folder of its own. */
const VERSIONS = "/usr/lib/postgresql";
/** Debian's user for it: as root it does not run. */
const USER = "postgres";

/** A PostgreSQL of its own with one empty database. */
export class Postgres implements Database {
  readonly url: string;
  readonly port: number;
  readonly #name: string;
  readonly #command: readonly string[];
  readonly #owned: AsyncDisposableStack;
  #server: Child;

  private constructor(
    name: string,
    port: number,
    command: readonly string[],
    server: Child,
    owned: AsyncDisposableStack,
  ) {
    this.url = `postgresql://${name}:${name}@127.0.0.1:${port}/${name}`;
    this.port = port;
    this.#name = name;
    this.#command = command;
    this.#server = server;
    this.#owned = owned;
  }

  /**
   * @param database - the database's name, and that of its superuser
   * @param authority - whose certificate it has for TLS; without one it has no TLS
   */
  static async start(database: string, authority?: Authority): Promise<Postgres> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const port = await freePort();
    const bin = await findPrograms();
    const passwordFile = directory.file("password");
    await writeFile(passwordFile, database);
    const tls = authority === undefined ? null : await copyCertificate(authority, directory);
    const asUser = await giveAway(directory.path, passwordFile, ...(tls?.files ?? []));
    const data = directory.file("data");
    const [initdb = "", ...initdbArgs] = [
      ...asUser,
      ...[`${bin}/initdb`, "--pgdata", data, "--encoding=UTF8", "--locale=C", "--no-sync"],
      ...["--auth=scram-sha-256", "--username", database, "--pwfile", passwordFile],
    ];
    await output(initdb, initdbArgs);
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "fsync=off"].concat(
      tls?.settings ?? [],
    );
    const command = [
      ...asUser,
      ...[`${bin}/postgres`, "-D", data],
      ...[...settings, `unix_socket_directories=${data}`].flatMap((each) => ["-c", each]),
    ];
    const server = owned.use(await startServer(command));
    const postgres = new Postgres(database, port, command, server, owned.move());
    await postgres.#query("postgres", `CREATE DATABASE ${database}`);
    return postgres;
  }

  sql(statement: string): Promise<string> {
    return this.#query(this.#name, statement);
  }

  async stop(): Promise<void> {
    // "fast": it does not wait until its clients have gone.
    await this.#server.stop("SIGINT");
  }

  async restart(): Promise<void> {
    this.#server = this.#owned.use(await startServer(this.#command));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #query(database: string, statement: string): Promise<string> {
    const to = ["--host=127.0.0.1", `--port=${this.port}`, `--username=${this.#name}`];
    const printed = await output(
      "psql",
      [...to, "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement, database],
      { PGPASSWORD: this.#name },
    );
    return printed.toString().trim();
  }
}

async function startServer([program = "", ...args]: readonly string[]): Promise<Child> {
  const server = await Child.start(program, args);
  await server.printed(/ready to accept connections/);
  return server;
}

/** It reads only a key that is its user's. */
async function copyCertificate(
  { serverCertPath, serverKeyPath }: Authority,
  directory: TempDir,
): Promise<{ readonly files: readonly string[]; readonly settings: readonly string[] }> {
  const [cert, key] = [directory.file("server.crt"), directory.file("server.key")];
  await Promise.all([copyFile(serverCertPath, cert), copyFile(serverKeyPath, key)]);
  await chmod(key, 0o600);
  const settings = ["ssl=on", `ssl_cert_file=${cert}`, `ssl_key_file=${key}`];
  return { files: [cert, key], settings };
}

async function findPrograms(): Promise<string> {
  const [version] = (await readdir(VERSIONS)).sort().reverse();
  if (version === undefined) throw new Error(`nothing in ${VERSIONS}: is postgresql installed?`);
  return `${VERSIONS}/${version}/bin`;
}

/** Gives files to the user that it runs as. @returns the command that becomes that user */
async function giveAway(...paths: readonly string[]): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const [uid = "", gid = ""] = await Promise.all(
    ["-u", "-g"].map(async (flag) => (await output("id", [flag, USER])).toString().trim()),
  );
  for (const path of paths) await chown(path, Number(uid), Number(gid));
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
}
