import { InvalidValueError } from "./errors.ts";
import type { ConfigValue, ValueType } from "./value-type.ts";
import { strip } from "./whitespace.ts";

/**
 * Values of `item` with commas between, oslo.config's `List`. A comma belongs to an item if the item is wrong without what
 * follows it; commas at the end count for nothing; an empty text is an empty list.
 *
 * @param bounds - the list stands between "[" and "]"
 */
export function list<T extends ConfigValue>(
  item: ValueType<T>,
  { bounds = false } = {},
): ValueType<readonly (T | null)[]> {
  const allowed = `a list, with commas${bounds ? ' between "[" and "]"' : ""}, of: ${item.allowed}`;
  return {
    allowed,
    placeholder: `${item.placeholder ?? "true"},...`,
    parse(text) {
      let inner = strip(text).replace(/,+$/, "");
      if (bounds) {
        if (!inner.startsWith("[") || !inner.endsWith("]")) throw new InvalidValueError(allowed);
        inner = inner.slice(1, -1);
      }
      return parseParts(inner, allowed, (part) => item.parse(strip(part)));
    },
  };
}

/** As {@link list}, for items that are never empty numbers. */
export function listOf<T extends string>(item: ValueType<T>): ValueType<readonly T[]> {
  const base = list(item);
  return {
    ...base,
    parse: (text) => base.parse(text)?.filter((value) => value !== null) ?? [],
  };
}

/** `name:value` pairs with commas between, oslo.config's `Dict`. */
export function dict(): ValueType<Readonly<Record<string, string>>> {
  const allowed = "name:value pairs with commas between";
  const parsePair = (pair: string): readonly [string, string] => {
    const colon = pair.indexOf(":");
    if (colon < 0) throw new InvalidValueError(allowed);
    return [strip(pair.slice(0, colon)), strip(pair.slice(colon + 1))];
  };
  return {
    allowed,
    placeholder: "NAME:VALUE,...",
    parse(text) {
      const pairs = parseParts(strip(text), allowed, parsePair);
      const names = new Set(pairs.map(([name]) => name));
      if (names.has("") || names.size < pairs.length) throw new InvalidValueError(allowed);
      return Object.fromEntries(pairs);
    },
  };
}

/** More parts than any real option has: joining wrong ones costs their square. */
const MAX_PARTS = 4096;

function parseParts<T>(text: string, allowed: string, parsePart: (part: string) => T): T[] {
  if (text === "") return [];
  const parts = text.split(",");
  if (parts.length > MAX_PARTS) throw new InvalidValueError(`${allowed} (at most ${MAX_PARTS})`);
  const values: T[] = [];
  let pending: string | null = null;
  for (const [index, part] of parts.entries()) {
    const candidate: string = pending === null ? part : `${pending},${part}`;
    try {
      values.push(parsePart(candidate));
      pending = null;
    } catch (error) {
      if (!(error instanceof InvalidValueError) || index === parts.length - 1)
        throw new InvalidValueError(allowed);
      pending = candidate;
    }
  }
  return values;
}
