import { createHash } from "node:crypto";
import { inspect } from "node:util";

const MASK = "***";

/**
 * A console token as its bearer presented it: whoever has the text has the console.
 *
 * It prints as `***` wherever a value is printed by accident (templates, JSON, `inspect`), so
 * that no log line, metric or error text can carry it. For a log use {@link id}.
 */
export class Token {
  readonly #text: string;
  /** SHA-256 of the text's UTF-8, lower-case hex: what the stores keep. @see nova/utils.py get_sha256_str */
  readonly digest: string;

  constructor(text: string) {
    this.#text = text;
    this.digest = createHash("sha256").update(text, "utf8").digest("hex");
  }

  /** First 8 hex digits of {@link digest}: tells sessions of one token apart in a log, opens nothing. */
  get id(): string {
    return this.digest.slice(0, 8);
  }

  /** The text itself, for the one place that must hand it on: an access URL, a request to a store. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
