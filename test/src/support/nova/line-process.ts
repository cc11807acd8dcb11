import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Debian's, for which Debian's OpenStack is installed. */
const PYTHON = "/usr/bin/python3";
const ANSWER_LIMIT_MS = 60_000;

/** A Python program that is asked by lines of JSON, and answers each by one line. */
export class LineProcess implements AsyncDisposable {
  readonly #script: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string, undefined>;
  #stderr = "";

  private constructor(script: string, process_: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#script = script;
    this.#process = process_;
    this.#lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
    process_.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    // Written to after it ended: its own words say more.
    process_.stdin.on("error", () => undefined);
  }

  /** Starts it, and waits for its first line, which is "ready". */
  static async start(script: string, args: readonly string[]): Promise<LineProcess> {
    const stdio = ["pipe", "pipe", "pipe"] as const;
    const process_ = spawn(PYTHON, [script, ...args], { stdio: [...stdio] });
    await once(process_, "spawn");
    const started = new LineProcess(script, process_);
    const line = await started.#line();
    if (line !== "ready") throw new Error(`${script} said ${line}`);
    return started;
  }

  /** Asks; not two at a time. */
  async ask(request: object): Promise<string> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#line();
  }

  async #line(): Promise<string> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), ANSWER_LIMIT_MS);
    try {
      const next = await this.#lines.next();
      if (next.done === true) {
        throw new Error(`${this.#script} ended or kept silent: ${this.#stderr}`);
      }
      return next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  /** It ends by itself when its input does, as it does when this process is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}
