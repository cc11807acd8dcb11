import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;

/** How a process ended: its exit status, or the signal that killed it. */
export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) child.killGroup();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(1));
}

/** A program started by a test, in a process group of its own that ends with its scope. */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the program has ended and its output is complete. */
  readonly ended: Promise<Ending>;
  /** Resolves when the program has ended, while what it left behind may still run and write. */
  readonly exited: Promise<Ending>;
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #ending: Ending | null = null;

  private constructor(
    name: string,
    pid: number,
    process: ChildProcessByStdio<null, Readable, Readable>,
  ) {
    this.name = name;
    this.pid = pid;
    this.#process = process;
    process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve) => {
      process.once("close", (status, signal) => {
        this.#ending = { status, signal };
        resolve(this.#ending);
      });
    });
    this.exited = new Promise((resolve) => {
      process.once("exit", (status, signal) => {
        resolve({ status, signal });
      });
    });
    running.add(this);
  }

  /** @param environment - added to this process's own */
  static async start(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    const process_ = spawn(command, args, {
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    await once(process_, "spawn");
    return new Child(command, process_.pid ?? Number.NaN, process_);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until the program has printed what `pattern` matches, on either stream. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(READY_LIMIT_MS);
    for (;;) {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
      if (match !== null) return match;
      if (this.#ending !== null) throw this.#failure(`ended before it printed ${String(pattern)}`);
      if (signal.aborted) throw this.#failure(`did not print ${String(pattern)}`);
      const either = new AbortController();
      const wait = { signal: AbortSignal.any([signal, either.signal]) };
      await Promise.race([
        once(this.#process.stdout, "data", wait),
        once(this.#process.stderr, "data", wait),
        once(this.#process, "close", wait),
      ]).catch(() => undefined);
      either.abort();
    }
  }

  /** Nobody reads what it and those it left behind write from now on. */
  closeOutput(): void {
    this.#process.stdout.destroy();
    this.#process.stderr.destroy();
  }

  /** Asks the program to end, and waits until it did. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ending> {
    if (this.#ending === null) process.kill(this.pid, signal);
    const limit = AbortSignal.timeout(STOP_LIMIT_MS);
    const tooLong = new Promise<never>((_resolve, reject) => {
      limit.addEventListener("abort", () => {
        reject(this.#failure(`did not end within ${STOP_LIMIT_MS} ms of ${signal}`));
      });
    });
    return Promise.race([this.ended, tooLong]);
  }

  /** Ends the program and what it started, at once. */
  killGroup(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nothing of the group is left: that is what was wanted.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killGroup();
    await this.ended;
    running.delete(this);
  }

  #failure(what: string): Error {
    return new Error(
      `${this.name} ${what}\n--- stdout\n${this.#stdout}\n--- stderr\n${this.#stderr}`,
    );
  }
}
