import { Writable } from "node:stream";
import winston from "winston";
import type { LogSink } from "./log-sink.ts";
import { formatJson, formatText, logLevels, type LogEntry, type LogLevel } from "./log-text.ts";

/**
 * The log. Fields are told apart from the message, so that what a peer said cannot pass for what
 * the program said.
 */
export interface Logger {
  error(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  debug(message: string, fields?: object): void;
}

/** What {@link createLog} needs. */
export interface LogOptions {
  readonly program: string;
  readonly pid: number;
  readonly format: "text" | "json";
  readonly level: LogLevel;
  readonly sink: LogSink;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A log whose level and file may change while it runs. */
export interface Log {
  readonly logger: Logger;
  setLevel(level: LogLevel): void;
}

/** Creates a log by winston, each line written before the call returns. */
export function createLog(options: LogOptions): Log {
  const { program, pid, now, sink } = options;
  let level: LogLevel = "info";
  const format = options.format === "json" ? formatJson : formatText;
  const backend = winston.createLogger({
    level: options.level,
    levels: logLevels,
    format: winston.format.printf((info) => {
      return format({ ...decodeInfo(info), timeMs: now(), pid, program });
    }),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's types declare its transport classes as interfaces
    transports: [new winston.transports.Stream({ stream: streamOf(sink, () => level), eol: "" })],
  });
  const log = (levelOfEntry: LogLevel, message: string, fields: object = {}): void => {
    // winston hands on the text only, before it comes back.
    level = levelOfEntry;
    // One object: of two arguments winston would take "%s" in the message, which may be a peer's.
    backend.log({ level: levelOfEntry, message, fields });
  };
  return {
    logger: {
      error: log.bind(null, "error"),
      warn: log.bind(null, "warn"),
      info: log.bind(null, "info"),
      debug: log.bind(null, "debug"),
    },
    setLevel: (worst) => {
      backend.level = worst;
    },
  };
}

/** What {@link createLog} put in, out of winston's hands again. */
function decodeInfo(info: Record<string, unknown>): Pick<LogEntry, "level" | "message" | "fields"> {
  const { level, message, fields } = info;
  return {
    level: typeof level === "string" && level in logLevels ? (level as LogLevel) : "info",
    message: String(message),
    fields: typeof fields === "object" && fields !== null ? fields : {},
  };
}

function streamOf(sink: LogSink, level: () => LogLevel): Writable {
  return new Writable({
    decodeStrings: false,
    write: (lines: string, _encoding, written) => {
      sink.write(lines, level());
      written();
    },
  });
}
