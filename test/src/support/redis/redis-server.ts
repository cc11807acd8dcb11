import { createConnection } from "node:net";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { output } from "../run.ts";
import { TempDir } from "../temp-dir.ts";
import { until } from "../until.ts";

/** How a server differs from the plain one. */
export interface RedisServerOptions {
  /** Of redis-server, `--name value`. */
  readonly args?: readonly string[];
  /** Whether its port speaks TLS; then `args` name the certificate. */
  readonly tls?: boolean;
}

/** A redis-server of its own, on a free port, with its data in a temporary folder. */
export class RedisServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #directory: TempDir;
  readonly #args: readonly string[];
  #child: Child | null = null;

  private constructor(directory: TempDir, port: number, args: readonly string[]) {
    this.#directory = directory;
    this.port = port;
    this.#args = args;
  }

  static async start({ args = [], tls = false }: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await TempDir.create();
    const port = await freePort();
    const server = new RedisServer(directory, port, [
      ...(tls ? ["--port", "0", "--tls-port", `${port}`] : ["--port", `${port}`]),
      ...["--bind", "127.0.0.1", "--dir", directory.path, "--appendonly", "yes", ...args],
    ]);
    await server.start();
    return server;
  }

  /** Starts it again, with the data that it had. */
  async start(): Promise<void> {
    const child = await Child.start("redis-server", this.#args);
    this.#child = child;
    await child.printed(/Ready to accept connections/);
  }

  /** Kills it: nothing is said to anybody, and what is written is there. */
  async kill(): Promise<void> {
    await this.#child?.[Symbol.asyncDispose]();
    this.#child = null;
  }

  /** Has it say nothing, its connections open; `SIGCONT` ends that. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (this.#child !== null) process.kill(this.#child.pid, signal);
  }

  /** Asks it with redis-cli, as an operator would. */
  async cli(...args: readonly string[]): Promise<string> {
    const answer = await output("redis-cli", ["-h", this.host, "-p", `${this.port}`, ...args]);
    return answer.toString().trim();
  }

  /** Waits until it accepts no connection any more. */
  async gone(): Promise<void> {
    await until("the server to be gone", () => {
      const socket = createConnection({ host: this.host, port: this.port });
      return new Promise<boolean>((resolve) => {
        socket.once("connect", () => {
          socket.destroy();
          resolve(false);
        });
        socket.once("error", () => {
          resolve(true);
        });
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#directory[Symbol.asyncDispose]();
  }
}
