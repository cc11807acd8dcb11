import type { Config } from "@nova-console/config";
import { ExitStatus } from "./exit-status.ts";
import { FileSink, logFilePath, StreamSink, type LogSink } from "./log-sink.ts";
import { escapeControls } from "./log-text.ts";
import { createLog, type Log } from "./logger.ts";
import type { ProgramSpec } from "./program-spec.ts";

/** A program's log, and where it goes. */
export interface ProgramLog extends Log {
  readonly sink: LogSink;
  /** Whether that is a file, so that nobody sees it on standard error. */
  readonly toFile: boolean;
}

/**
 * Opens the log that the configuration names.
 *
 * @throws LogFileError if it cannot be opened
 */
export function openLog({ program }: ProgramSpec, config: Config): ProgramLog {
  const path = logFilePath(program, config.DEFAULT.log_file, config.DEFAULT.log_dir);
  const sink =
    path === null
      ? new StreamSink(process.stderr)
      : new FileSink(path, Date.now, (line) => {
          complain(program, line);
        });
  const log = createLog({
    ...{ program, sink, pid: process.pid, now: Date.now },
    format: config.console_proxy.log_format,
    level: config.DEFAULT.debug ? "debug" : "info",
  });
  return { ...log, sink, toFile: path !== null };
}

/** From here on a bug is told in the log; on standard error too if nobody sees the log there. */
export function catchBugs({ program }: ProgramSpec, { logger, toFile }: ProgramLog): void {
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error, origin) => {
    logger.error(`${origin}: this is a bug, and the process ends`, { error });
    if (toFile) complain(program, `a bug ended the process, see its log: ${error.message}`);
    process.exit(ExitStatus.Failure);
  });
}

/** Says what a program has to say on standard error, each line with its name. */
export function complain(program: string, message: string): void {
  const lines = message.split("\n").map((line) => `${program}: ${escapeControls(line)}\n`);
  process.stderr.write(lines.join(""));
}
