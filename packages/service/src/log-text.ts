import { inspect } from "node:util";

/** What one line of the log says. */
export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly pid: number;
  readonly level: LogLevel;
  readonly program: string;
  readonly message: string;
  readonly fields: object;
}

/** From the worst on. */
export const logLevels = { error: 0, warn: 1, info: 2, debug: 3 } as const;

/** A name in {@link logLevels}. */
export type LogLevel = keyof typeof logLevels;

/** Longest value of a field, in characters: one peer's word must not fill the log. */
const MAX_VALUE_CHARACTERS = 2_000;

/** oslo.log's names. */
const LEVEL_NAMES: Record<LogLevel, string> = {
  error: "ERROR",
  warn: "WARNING",
  info: "INFO",
  debug: "DEBUG",
};

/** What would end a line, steer a terminal, or show text in another order than it has. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Values that need no quotes to be told from what follows. */
const PLAIN = /^[\p{L}\p{N}_.:/@%+,*[\]-]+$/u;

/**
 * One entry as oslo.log writes it, fields as `key=value` behind the message:
 *
 * ```
 * 2026-11-22 20:00:00.123 4711 INFO nova-xvpvncproxy [-] session closed viewer=192.0.2.1
 * ```
 *
 * Time is local. An error's stack is in lines of its own with the same head. Whatever a peer put
 * into message or fields stays within its line and its quotes.
 *
 * @returns lines that each end with a newline
 */
export function formatText(entry: LogEntry): string {
  const { timeMs, pid, level, program, message, fields } = entry;
  const head = `${localTime(timeMs)} ${pid} ${LEVEL_NAMES[level]} ${program} [-] `;
  const pairs = Object.entries(fields).flatMap(([name, value]: [string, unknown]) =>
    value === undefined ? [] : [` ${escapeControls(name)}=${formatValue(value)}`],
  );
  const line = `${head}${escapeControls(message)}${pairs.join("")}\n`;
  return level === "error" ? line + stackLines(fields, head) : line;
}

/** One entry as a JSON object: ISO time in UTC, fields beside the rest; an error as its stack. */
export function formatJson(entry: LogEntry): string {
  const { timeMs, level, program, pid, message, fields } = entry;
  const plain = Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Error ? stackOf(value) : value,
    ]),
  );
  const timestamp = new Date(timeMs).toISOString();
  const own = { timestamp, level, program, pid, message };
  try {
    return `${JSON.stringify({ ...own, ...plain, ...own })}\n`;
  } catch {
    return `${JSON.stringify({ ...own, fields: inspect(fields) })}\n`;
  }
}

function localTime(timeMs: number): string {
  const time = new Date(timeMs);
  const minutesEast = -time.getTimezoneOffset();
  const shifted = new Date(timeMs + minutesEast * 60_000).toISOString();
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 23)}`;
}

function formatValue(value: unknown): string {
  const text = shorten(textOf(value));
  return PLAIN.test(text) ? text : escapeControls(JSON.stringify(text));
}

function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (value === null) return "-";
  try {
    // A class that masks itself in JSON is masked here as well.
    const plain: unknown = JSON.parse(JSON.stringify(value));
    return typeof plain === "string" ? plain : JSON.stringify(plain);
  } catch {
    return inspect(value);
  }
}

function shorten(text: string): string {
  return text.length <= MAX_VALUE_CHARACTERS
    ? text
    : `${text.slice(0, MAX_VALUE_CHARACTERS)}... (${text.length} characters)`;
}

function stackLines(fields: object, head: string): string {
  return Object.values(fields)
    .filter((value: unknown): value is Error => value instanceof Error)
    .flatMap((error) => stackOf(error).split("\n"))
    .map((line) => `${head}${escapeControls(line)}\n`)
    .join("");
}

/** With its causes and their stacks. */
function stackOf(error: Error): string {
  return inspect(error);
}

/** Makes a text fit for one line of a terminal: what a terminal obeys is spelled out. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
