import { InvalidValueError } from "./errors.ts";
import type { ValueType } from "./value-type.ts";
import { strip } from "./whitespace.ts";

/** Smallest and largest value that is allowed, both included. */
export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number, oslo.config's `Integer`: `5`, `+5`, `007`, `1_000`, digits of any script. Empty is null. */
export function integer(
  limits: NumberLimits & { choices?: readonly number[] } = {},
): ValueType<number> {
  const allowed =
    limits.choices === undefined
      ? `a whole number${describeRange(limits)}`
      : `one of ${limits.choices.join(", ")}`;
  return numberType(allowed, "N", parseInteger, (value) =>
    limits.choices === undefined ? isWithin(value, limits) : limits.choices.includes(value),
  );
}

/** oslo.config's `Float`, infinities and NaN included. Empty is null. */
export function float(limits: NumberLimits = {}): ValueType<number> {
  return numberType(
    `a number${describeRange(limits)}`,
    "N",
    parseFloatingPoint,
    (value) =>
      // NaN is neither below nor above: oslo.config lets it through.
      Number.isNaN(value) || isWithin(value, limits),
  );
}

/** A TCP port, oslo.config's `Port`. Empty is null. */
export function port(): ValueType<number> {
  const limits = { min: 0, max: 65_535 };
  return numberType("a port, 0 to 65535", "PORT", parseInteger, (value) => isWithin(value, limits));
}

/** A finite time in seconds, fractions allowed. Not of oslo.config. Empty is null. */
export function seconds(limits: NumberLimits = {}): ValueType<number> {
  return numberType(
    `a number of seconds${describeRange(limits)}`,
    "SECONDS",
    parseFloatingPoint,
    (value) => Number.isFinite(value) && isWithin(value, limits),
  );
}

const BYTE_UNITS = new Map([
  ["", 1],
  ["b", 1],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
]);

/** A size in bytes: `1048576`, `1024 KiB`, `1MiB`. Not of oslo.config. Empty is null. */
export function byteSize(limits: {
  readonly min: number;
  readonly max: number;
}): ValueType<number> {
  const allowed = `a size in bytes, ${limits.min} to ${limits.max}; KiB, MiB and GiB may follow the number`;
  const parse = (text: string): number => {
    const match = /^(\d{1,15}) *([a-z]*)$/i.exec(text);
    const unit = BYTE_UNITS.get(match?.[2]?.toLowerCase() ?? "");
    return match === null || unit === undefined ? NaN : Number(match[1]) * unit;
  };
  return numberType(allowed, "BYTES", parse, (value) => isWithin(value, limits));
}

/** Two whole numbers with a dash between, oslo.config's `Range`; `stop` is the first one outside, as in Python's `range()`. */
export function range(): ValueType<{ readonly start: number; readonly stop: number }> {
  const allowed = "a range such as 3-7";
  return {
    allowed,
    placeholder: "N-N",
    parse(text) {
      const match = /^(0|-?[1-9][0-9]*)(?:-(0|-?[1-9][0-9]*))?$/.exec(text);
      if (match === null) throw new InvalidValueError(allowed);
      const start = Number(match[1]);
      const last = Number(match[2] ?? start);
      return { start, stop: start < last ? last + 1 : last - 1 };
    },
  };
}

function numberType(
  allowed: string,
  placeholder: string,
  parse: (text: string) => number | null,
  isAllowed: (value: number) => boolean,
): ValueType<number> {
  return {
    allowed,
    placeholder,
    parse(text) {
      const bare = strip(text);
      if (bare === "") return null;
      const value = parse(bare);
      if (value === null || !isAllowed(value)) throw new InvalidValueError(allowed);
      return value;
    },
  };
}

function parseInteger(text: string): number | null {
  const digits = toAsciiDigits(text);
  return /^[+-]?\d+(?:_\d+)*$/.test(digits) ? Number(digits.replaceAll("_", "")) : null;
}

function parseFloatingPoint(text: string): number | null {
  const digits = toAsciiDigits(text);
  const named = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i.exec(digits);
  if (named !== null) return named[2] === undefined ? NaN : named[1] === "-" ? -Infinity : Infinity;
  const group = "\\d+(?:_\\d+)*";
  const form = new RegExp(
    `^[+-]?(?:${group}\\.?|${group}\\.${group}|\\.${group})(?:e[+-]?${group})?$`,
    "i",
  );
  return form.test(digits) ? Number(digits.replaceAll("_", "")) : null;
}

/** Python's `int()` reads the digits of every script. Unicode keeps each set of ten together, zero first. */
function toAsciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const codePoint = digit.codePointAt(0) ?? 0;
    let zero = codePoint;
    while (zero > 0 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((codePoint - zero) % 10);
  });
}

function isWithin(value: number, { min = -Infinity, max = Infinity }: NumberLimits): boolean {
  return value >= min && value <= max;
}

function describeRange({ min, max }: NumberLimits): string {
  if (min !== undefined && max !== undefined) return `, ${min} to ${max}`;
  if (min !== undefined) return `, ${min} or more`;
  return max === undefined ? "" : `, ${max} or less`;
}
