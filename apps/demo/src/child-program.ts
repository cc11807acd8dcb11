import { type ChildProcess, spawn } from "node:child_process";
import { StartError } from "./errors.ts";

/** Which program is run, and how. */
export interface ChildCommand {
  /** For messages. */
  readonly name: string;
  /** Its file, which Node runs. */
  readonly file: string;
  readonly args: readonly string[];
}

const MAX_KEPT_LINES = 20;
const MAX_KEPT_CHARACTERS = 8192;
/** How long a program may take leave of its sessions before it is told again, and then ended. */
const SECOND_TERM_MS = 300;
const KILL_MS = 1200;

/** One program of ours, run as the operator would run it. */
export class ChildProgram {
  readonly name: string;
  /** Resolves when it has ended, in words: "exited with status 1". Never rejects. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  #errors = "";
  #output = "";

  /** @param node - the Node.js to run it with */
  constructor(node: string, command: ChildCommand) {
    this.name = command.name;
    this.#process = spawn(node, [command.file, ...command.args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output = (this.#output + text).slice(-MAX_KEPT_CHARACTERS);
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-MAX_KEPT_CHARACTERS);
    });
    this.ended = new Promise((resolve) => {
      this.#process.on("error", (error) => {
        resolve(`cannot be started: ${error.message}`);
      });
      // "close" and not "exit": what it wrote last has arrived by then.
      this.#process.on("close", (status, signal) => {
        resolve(signal === null ? `exited with status ${status ?? 0}` : `was ended by ${signal}`);
      });
    });
  }

  /** Whether it still runs. */
  get isRunning(): boolean {
    return (
      this.#process.pid !== undefined &&
      this.#process.exitCode === null &&
      this.#process.signalCode === null
    );
  }

  /** What it wrote last to its standard error: at most 20 lines. */
  get lastErrors(): string {
    return this.#errors.trimEnd().split("\n").slice(-MAX_KEPT_LINES).join("\n");
  }

  /**
   * Waits for a program that does one thing and ends.
   *
   * @returns what it printed
   * @throws {@link StartError} with its own last words if it fails
   */
  async output(): Promise<string> {
    const end = await this.ended;
    if (this.#process.exitCode !== 0) throw this.failure(end);
    return this.#output;
  }

  /** An error that says how it ended and what it wrote last. */
  failure(end: string): StartError {
    return new StartError(`${this.name} ${end}:\n${this.lastErrors}`);
  }

  /** Ends it, politely first. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#process.kill("SIGTERM");
    // The first lets open consoles live on, which nobody who stops a demo wants.
    const second = setTimeout(() => this.#process.kill("SIGTERM"), SECOND_TERM_MS);
    const last = setTimeout(() => this.#process.kill("SIGKILL"), KILL_MS);
    await this.ended;
    clearTimeout(second);
    clearTimeout(last);
  }
}
