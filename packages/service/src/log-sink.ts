import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { LogLevel } from "./log-text.ts";
import { codeOf, LogFileError, messageOf } from "./errors.ts";

/** Where finished log lines go. Writing never throws: a log that fails must not end consoles. */
export interface LogSink {
  /** @param level - of all the lines; absent: "info" */
  write(lines: string, level?: LogLevel): void;
  /** After the file was renamed or removed by somebody else: go on in a new one. */
  reopen(): void;
  close(): void;
}

/** How often a file is checked for having been renamed. */
const RENAME_CHECK_MS = 1_000;

/**
 * The file that the options name, as oslo.log finds it.
 *
 * @param logFile - `[DEFAULT] log_file`, below `logDir` unless it is absolute
 * @param logDir - `[DEFAULT] log_dir`
 * @returns null for standard error
 */
export function logFilePath(
  program: string,
  logFile: string | null,
  logDir: string | null,
): string | null {
  const file = logFile ?? "";
  const directory = logDir ?? "";
  if (file !== "") return file.startsWith("/") ? file : join(directory, file);
  return directory === "" ? null : join(directory, `${program}.log`);
}

/** Most that a {@link StreamSink} keeps for a reader that does not keep up. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** A stream that writes without waiting, and what it has not written yet. */
interface LogStream {
  readonly writableLength: number;
  write(text: string): unknown;
}

/**
 * Hands lines to a stream that writes without waiting, such as standard error.
 *
 * A reader that stands still costs lines, and neither memory nor consoles: the number of lines that
 * were lost is written when it reads again.
 */
export class StreamSink implements LogSink {
  readonly #stream: LogStream;
  #lost = 0;

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  write(lines: string): void {
    if (this.#stream.writableLength > MAX_BUFFERED_BYTES) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      this.#stream.write(
        `${this.#lost} entries of the log were lost: its reader did not keep up\n`,
      );
      this.#lost = 0;
    }
    this.#stream.write(lines);
  }

  reopen(): void {
    // Standard error is whoever started us to reopen.
  }

  close(): void {
    // Nor is it ours to close.
  }
}

/**
 * Appends to a file, and to a new one of that name when the old one was renamed or removed, as
 * logrotate does with or without copytruncate.
 *
 * It writes at once and waits for the file, so that the line about a crash is there after the crash.
 * It does not wait for the reader of a FIFO: what that does not take in time is lost.
 */
export class FileSink implements LogSink {
  readonly #path: string;
  readonly #now: () => number;
  readonly #complain: (line: string) => void;
  #file: number;
  #checkedAtMs: number;
  #complained = false;

  /**
   * @param complain - hears one line when the file cannot be written any more
   * @throws {@link LogFileError} if it cannot be opened
   */
  constructor(path: string, now: () => number, complain: (line: string) => void) {
    this.#path = path;
    this.#now = now;
    this.#complain = complain;
    this.#checkedAtMs = now();
    try {
      this.#file = openForAppend(path);
    } catch (error) {
      throw new LogFileError(`cannot open the log file ${path}: ${reason(error)}`, {
        cause: error,
      });
    }
  }

  write(lines: string): void {
    try {
      this.#followRename();
      const bytes = Buffer.from(lines);
      for (let sent = 0; sent < bytes.length;) sent += writeSync(this.#file, bytes, sent);
      this.#complained = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  reopen(): void {
    try {
      const file = openForAppend(this.#path);
      closeSync(this.#file);
      this.#file = file;
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #followRename(): void {
    const now = this.#now();
    if (Math.abs(now - this.#checkedAtMs) < RENAME_CHECK_MS) return;
    this.#checkedAtMs = now;
    const there = statSync(this.#path, { throwIfNoEntry: false });
    const open = fstatSync(this.#file);
    if (there?.ino !== open.ino || there.dev !== open.dev) this.reopen();
  }

  #fail(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    this.#complain(`cannot write the log file ${this.#path}: ${reason(error)}`);
  }
}

/** O_NONBLOCK is for a FIFO; a regular file knows no difference. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

function openForAppend(path: string): number {
  return openSync(path, APPEND, 0o640);
}

function reason(error: unknown): string {
  switch (codeOf(error)) {
    case "EACCES":
      return "this user has no permission; see [DEFAULT] log_file and log_dir";
    case "ENOENT":
      return "its directory does not exist; see [DEFAULT] log_file and log_dir";
    case "ENOSPC":
      return "the disk is full";
    case "ENXIO":
    case "EPIPE":
      return "it is a FIFO that no process reads";
    case "EAGAIN":
      return "it is a FIFO whose reader does not keep up";
    default:
      return messageOf(error);
  }
}
