import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const READY_LIMIT_MS = 30_000;
const POLL_MS = 20;
const LOG_TAIL = 2000;

const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) child.kill();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(1));
}

/** A program that the benchmark started, in a process group of its own that ends with its scope. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly #logPath: string;
  readonly #ended: Promise<unknown>;

  private constructor(process_: ChildProcess, logPath: string) {
    this.process = process_;
    this.pid = process_.pid ?? Number.NaN;
    this.#logPath = logPath;
    this.#ended = once(process_, "exit");
    running.add(this);
  }

  /** @param logPath - gets all that the program prints */
  static async start(
    [command, ...args]: readonly [string, ...string[]],
    logPath: string,
  ): Promise<Child> {
    return Child.#launch(logPath, (stdio) => spawn(command, args, { detached: true, stdio }));
  }

  /** Starts a module of ours with a channel for messages. */
  static async fork(modulePath: string, args: readonly string[], logPath: string): Promise<Child> {
    return Child.#launch(logPath, ([input, output, errors]) =>
      fork(modulePath, args, { detached: true, stdio: [input, output, errors, "ipc"] }),
    );
  }

  static async #launch(
    logPath: string,
    launch: (stdio: ["ignore", number, number]) => ChildProcess,
  ): Promise<Child> {
    const log = openSync(logPath, "a");
    try {
      const process_ = launch(["ignore", log, log]);
      await once(process_, "spawn");
      return new Child(process_, logPath);
    } finally {
      closeSync(log);
    }
  }

  /** Waits until the program accepts connections on `port`. */
  async accepting(port: number): Promise<void> {
    const end = Date.now() + READY_LIMIT_MS;
    while (!(await accepts(port))) {
      if (this.process.exitCode !== null) throw this.failure("ended at its start");
      if (Date.now() > end) throw this.failure(`does not listen on port ${port}`);
      await delay(POLL_MS);
    }
  }

  failure(what: string): Error {
    const log = readFileSync(this.#logPath, "utf8").slice(-LOG_TAIL);
    return new Error(`${this.process.spawnargs.join(" ")}: ${what}\n${log}`);
  }

  kill(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nothing of the group is left: that is what was wanted.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#ended;
    running.delete(this);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
