import { hash } from "node:crypto";
import { inspect } from "node:util";

const MASK = "***";

/**
 * A console token as its bearer presented it: whoever has the text has the console.
 *
 * It prints as `***` wherever a value is printed by accident (templates, JSON, `inspect`), so
 * that no log line, metric or error text can carry it. For a log use {@link id}.
 */
export class Token {
  readonly #text: string | null;
  /** SHA-256 of the text's UTF-8, lower-case hex: what the stores keep. @see nova/utils.py get_sha256_str */
  readonly digest: string;

  /** @param known - the token's text; or its digest, where its bearer has proved to know the text */
  constructor(known: string | { readonly digest: string }) {
    if (typeof known === "string") {
      this.#text = known;
      this.digest = hash("sha256", known, "hex");
    } else {
      this.#text = null;
      this.digest = known.digest;
    }
  }

  /** First 8 hex digits of {@link digest}: tells sessions of one token apart in a log, opens nothing. */
  get id(): string {
    return this.digest.slice(0, 8);
  }

  /**
   * The text itself, for the one place that must hand it on: an access URL, a request to a store.
   *
   * @throws TypeError if only the digest is known
   */
  reveal(): string {
    if (this.#text === null) throw new TypeError("only the digest of this token is known");
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
