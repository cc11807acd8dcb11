import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Writable } from "node:stream";
import { messageOf } from "./errors.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogLevel } from "./log-text.ts";

/** Most that is kept for a command that does not keep up. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Pause before a command that ended soon is started again. */
const RESTART_DELAY_MS = 10_000;
/** A command that lived longer is started again at once. */
const SOON_MS = 1_000;

/** Runs a command that outlives the signal which ends its program, so that it takes the last lines; its input's end ends it. */
const DEAF = 'trap "" HUP INT TERM; exec "$@"';

/** Priorities of syslog(3). */
const PRIORITIES: Record<LogLevel, number> = { error: 3, warn: 4, info: 6, debug: 7 };

/** What {@link CommandSink} needs. */
export interface CommandSinkOptions {
  /** Words of a command that reads lines of the form `<PRIORITY>TEXT`. */
  readonly command: readonly [string, ...string[]];
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Called with one line when the command cannot be used. */
  readonly complain: (line: string) => void;
}

/**
 * Hands lines to a command that passes them on, such as logger(1) or systemd-cat(1): Node.js cannot open the datagram
 * sockets of syslog and of the journal. Lines that the command does not take in time are lost, and their number is written.
 */
export class CommandSink implements LogSink {
  readonly #options: CommandSinkOptions;
  #child: ChildProcessByStdio<Writable, null, null> | null = null;
  #startableAtMs = -Infinity;
  #lost = 0;
  #isComplaintMade = false;

  constructor(options: CommandSinkOptions) {
    this.#options = options;
  }

  write(lines: string, level: LogLevel = "info"): void {
    this.#child ??= this.#options.now() >= this.#startableAtMs ? this.#start() : null;
    const input = this.#child?.stdin;
    if (input === undefined || input.writableLength > MAX_BUFFERED_BYTES) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      input.write(`<${PRIORITIES.warn}>${this.#lost} entries of the log were lost\n`);
      this.#lost = 0;
    }
    const head = `<${PRIORITIES[level]}>`;
    input.write(lines.replace(/^(?=.)/gm, head));
  }

  reopen(): void {
    // The command finds its own way to a syslog that was restarted.
  }

  close(): void {
    this.#child?.stdin.end();
  }

  #start(): ChildProcessByStdio<Writable, null, null> {
    const { command, now } = this.#options;
    const [program] = command;
    const stdio = ["pipe", "ignore", "ignore"] as ["pipe", "ignore", "ignore"];
    const child = spawn("sh", ["-c", DEAF, "sh", ...command], { stdio });
    const startedAtMs = now();
    const onEnd = (why: string): void => {
      if (this.#child !== child) return;
      this.#child = null;
      if (now() - startedAtMs > SOON_MS) return;
      this.#startableAtMs = now() + RESTART_DELAY_MS;
      this.#complainOnce(`${program} cannot pass the log on: ${why}`);
    };
    child.once("error", (error) => {
      onEnd(messageOf(error));
    });
    child.once("exit", (status, signal) => {
      onEnd(`it ended with ${signal ?? `status ${status ?? ""}`}`);
    });
    // It may end while something is written; its end says so.
    child.stdin.on("error", () => undefined);
    // A program that has nothing else to do ends, and its pipe with it.
    child.unref();
    (child.stdin as Writable & { unref?: () => void }).unref?.();
    return child;
  }

  #complainOnce(line: string): void {
    if (this.#isComplaintMade) return;
    this.#isComplaintMade = true;
    this.#options.complain(line);
  }
}

/** Writes to several sinks. */
export class SeveralSinks implements LogSink {
  readonly #sinks: readonly LogSink[];

  constructor(sinks: readonly LogSink[]) {
    this.#sinks = sinks;
  }

  write(lines: string, level: LogLevel): void {
    for (const sink of this.#sinks) sink.write(lines, level);
  }

  reopen(): void {
    for (const sink of this.#sinks) sink.reopen();
  }

  close(): void {
    for (const sink of this.#sinks) sink.close();
  }
}
