/** What an effective value can be: what JSON has. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };

/** Tells a list from the other values; `Array.isArray` does not know readonly arrays. */
export function isList(value: ConfigValue): value is readonly ConfigValue[] {
  return Array.isArray(value);
}

/** How the text of an option becomes a value. */
export interface ValueType<T extends ConfigValue> {
  /** What is allowed, to follow "must be": `a port, 0 to 65535`. */
  readonly allowed: string;
  /** What stands for the value in help: `PORT`. Null for a switch, which takes none on the command line. */
  readonly placeholder: string | null;
  /**
   * @param text - after interpolation
   * @returns null where oslo.config reads an empty text as "no value": numbers
   * @throws {@link InvalidValueError} if it is not allowed
   */
  parse(text: string): T | null;
}
