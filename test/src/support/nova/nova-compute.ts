import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("nova_compute.py", import.meta.url));
/** Debian's, for which Debian's nova is installed. */
const PYTHON = "/usr/bin/python3";
const ANSWER_LIMIT_MS = 60_000;

/** Which console a token is for. */
export interface ConsoleRequest {
  readonly host: string;
  readonly port: number;
  readonly console_type: "novnc" | "xvpvnc";
  readonly access_url_base: string;
  readonly internal_access_path: string | null;
  /** Seconds that it is good for. */
  readonly ttl: number;
}

/** What nova-compute says of every port; `ports` is the truth. */
export type PortAnswer = true | false | null | "error" | "nothing" | "ports";

/**
 * What of nova-compute a console needs: tokens are minted by nova's own object, and
 * `validate_console_port` is answered over the message queue.
 */
export class NovaCompute implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string, undefined>;
  #stderr = "";

  private constructor(process_: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#process = process_;
    this.#lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
    process_.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    // Written to after it ended: its own words say more.
    process_.stdin.on("error", () => undefined);
  }

  /** Starts it, and waits until it answers. */
  static async start(confPath: string): Promise<NovaCompute> {
    const stdio = ["pipe", "pipe", "pipe"] as const;
    const process_ = spawn(PYTHON, [SCRIPT, confPath], { stdio: [...stdio] });
    await once(process_, "spawn");
    const compute = new NovaCompute(process_);
    const line = await compute.#line();
    if (line !== "ready") throw new Error(`${SCRIPT} said ${line}`);
    return compute;
  }

  /** Makes an instance and a token for its console, which it returns; not two at a time. */
  authorize(request: ConsoleRequest): Promise<string> {
    return this.#ask(request);
  }

  /** From now on `validate_console_port` is answered so. */
  async answer(answer: PortAnswer): Promise<void> {
    await this.#ask({ answer });
  }

  /** Deletes a token's instance as nova does: its tokens go with it. */
  async deleteInstance(token: string): Promise<void> {
    await this.#ask({ delete_instance: token });
  }

  /** Marks the row of a token's instance as deleted; the token stays. */
  async deleteInstanceRow(token: string): Promise<void> {
    await this.#ask({ delete_row: token });
  }

  /** Takes away the port of a token's instance: the next one to be given it is another's. */
  async losePort(token: string): Promise<void> {
    await this.#ask({ lose_port: token });
  }

  async #ask(request: object): Promise<string> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#line();
  }

  async #line(): Promise<string> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), ANSWER_LIMIT_MS);
    try {
      const next = await this.#lines.next();
      if (next.done === true) throw new Error(`${SCRIPT} ended or kept silent: ${this.#stderr}`);
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
