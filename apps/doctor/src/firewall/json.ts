/** What JSON.parse() makes. */
export type Json = string | number | boolean | null | readonly Json[] | JsonRecord;

/** An object of JSON. */
interface JsonRecord {
  readonly [name: string]: Json | undefined;
}

/** Tells an object from everything else. */
export function isRecord(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells a list from everything else. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** A text as it is; anything else as nothing. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** A number as it is; null for anything else. */
export function numberOf(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}
