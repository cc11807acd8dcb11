import type { Config } from "@nova-console/config";
import { ExitStatus } from "./exit-status.ts";
import { CommandSink, SeveralSinks } from "./command-sink.ts";
import { logCommands } from "./log-commands.ts";
import { FileSink, logFilePath, type LogSink, StreamSink } from "./log-sink.ts";
import { escapeControls } from "./log-text.ts";
import { createLog, type Log } from "./logger.ts";
import type { ProgramSpec } from "./program-spec.ts";

/** A program's log, and where it goes. */
export interface ProgramLog extends Log {
  readonly sink: LogSink;
  /** Whether nobody sees it on standard error: it is a file, or the journal. */
  readonly toFile: boolean;
}

/**
 * Opens the log that the configuration names.
 *
 * @throws LogFileError if it cannot be opened
 */
export function openLog({ program }: ProgramSpec, config: Config): ProgramLog {
  const { log_file: file, log_dir: directory, use_journal: isInJournal } = config.DEFAULT;
  const path = logFilePath(program, file, directory);
  const complainOf = (line: string): void => {
    complain(program, line);
  };
  const sinks = [
    ...(path === null ? [] : [new FileSink(path, Date.now, complainOf)]),
    ...(path === null && !isInJournal ? [new StreamSink(process.stderr)] : []),
    ...logCommands(program, process.pid, config.DEFAULT).map(
      (command) => new CommandSink({ command, now: () => performance.now(), complain: complainOf }),
    ),
  ];
  const sink = sinks.length === 1 && sinks[0] !== undefined ? sinks[0] : new SeveralSinks(sinks);
  const log = createLog({
    ...{ program, sink, pid: process.pid, now: Date.now },
    format: config.console_proxy.log_format,
    level: config.DEFAULT.debug ? "debug" : "info",
  });
  return { ...log, sink, toFile: path !== null || isInJournal };
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
