import { InvalidValueError } from "./errors.ts";
import type { ValueType } from "./value-type.ts";

/** Limits on a text. */
interface StringLimits {
  readonly allowed?: string;
  readonly placeholder?: string;
  readonly pattern?: RegExp;
  /** In characters (code points). */
  readonly maxLength?: number;
  /** "x" and 'x' lose their quotes; for items of lists. */
  readonly quotes?: boolean;
}

/** Any text, oslo.config's `String`. */
export function string(limits: StringLimits = {}): ValueType<string> {
  const { pattern, maxLength = Infinity, quotes = false } = limits;
  const allowed = limits.allowed ?? describeLimits(limits);
  return {
    allowed,
    placeholder: limits.placeholder ?? "TEXT",
    parse(text) {
      const value = quotes ? unquoteItem(text) : text;
      if (Array.from(value).length > maxLength || pattern?.test(value) === false) {
        throw new InvalidValueError(allowed);
      }
      return value;
    },
  };
}

/** A path; not looked at here. */
export function path(): ValueType<string> {
  return string({ allowed: "a path", placeholder: "PATH" });
}

/** One of `words`, oslo.config's `String(choices=...)`. */
export function choice<const W extends string>(
  words: readonly W[],
  { ignoreCase = false } = {},
): ValueType<W> {
  const allowed = words.length === 1 ? `"${words.join("")}"` : `one of ${words.join(", ")}`;
  const fold = (word: string): string => (ignoreCase ? word.toLowerCase() : word);
  return {
    allowed,
    placeholder: "WORD",
    parse(text) {
      const found = words.find((word) => fold(word) === fold(text));
      if (found === undefined) throw new InvalidValueError(allowed);
      return found;
    },
  };
}

const TRUE_WORDS = ["true", "1", "on", "yes"];
const FALSE_WORDS = ["false", "0", "off", "no"];

/** oslo.config's `Boolean`. */
export function boolean(): ValueType<boolean> {
  const allowed = "true, yes, on or 1, or false, no, off or 0";
  return {
    allowed,
    placeholder: null,
    parse(text) {
      const word = text.toLowerCase();
      if (TRUE_WORDS.includes(word)) return true;
      if (FALSE_WORDS.includes(word)) return false;
      throw new InvalidValueError(allowed);
    },
  };
}

function describeLimits({ pattern, maxLength }: StringLimits): string {
  if (pattern !== undefined) return `a text that matches ${pattern.source}`;
  return maxLength === undefined ? "a text" : `a text of at most ${maxLength} characters`;
}

function unquoteItem(text: string): string {
  const first = text.charAt(0);
  if (!/["']/.test(first)) return text;
  if (text.length === 1 || !text.endsWith(first)) {
    throw new InvalidValueError("a text whose quote is closed");
  }
  return text.slice(1, -1);
}
