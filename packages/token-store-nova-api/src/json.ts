/** Parses a JSON text; undefined, which JSON does not have, if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not kept: the parser quotes the text, and who echoes a request's path echoes a token.
    return undefined;
  }
}

/** A member of a JSON object; undefined if there is none, or no object. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** The items of a JSON list; none if it is no list. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
