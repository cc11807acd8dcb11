import { ConfigParseError } from "./errors.ts";
import { strip, stripEnd, stripStart } from "./whitespace.ts";

/** One `name = value` of a config file. */
export interface Assignment {
  /** As written between the brackets. */
  readonly group: string;
  readonly name: string;
  /** Continuation lines joined by "\n"; no interpolation yet. */
  readonly text: string;
  /** Line of the name, from 1. */
  readonly line: number;
}

interface OpenAssignment {
  readonly name: string;
  readonly lines: string[];
  readonly line: number;
}

/**
 * Parses the text of a config file in oslo.config's dialect.
 *
 * ```
 * [group]
 * name = value         or name: value; "value" and 'value' lose their quotes
 *   more of value      a line that starts with a space or a tab goes on
 * # comment            or ; comment, at the start of a line only
 * ```
 *
 * A blank line or a comment ends a value. Lines end with LF, CR LF or CR.
 *
 * @param text - decoded, with its byte order mark if it has one (that is an error, as it is for oslo.config)
 * @param path - for the error
 * @returns in the order of the file, repeated names included
 * @throws {@link ConfigParseError} if any line is wrong; all wrong lines are named
 * @see oslo_config/iniparser.py
 */
export function parseSections(text: string, path: string): Assignment[] {
  const parser = new SectionParser();
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    parser.readLine(stripEnd(line), index + 1);
  });
  parser.close();
  if (parser.problems.length > 0) {
    throw new ConfigParseError(
      parser.problems.map(({ line, detail }) => `${path}:${line}: ${detail}`).join("\n"),
    );
  }
  return parser.assignments;
}

/** Goes through a file line by line; nothing of a wrong line is kept or echoed but its header, since it may hold a password. */
class SectionParser {
  readonly assignments: Assignment[] = [];
  readonly problems: { line: number; detail: string }[] = [];
  #group: string | null = null;
  /** A wrong header was reported: what stands under it has no group to miss. */
  #groupUnknown = false;
  #open: OpenAssignment | null = null;

  /** @param text - without trailing white space */
  readLine(text: string, line: number): void {
    if (/^[ \t]/.test(text)) {
      if (this.#open === null) {
        this.#fail(
          line,
          'continuation of nothing: the line starts with white space, but no "name = value" stands right above it',
        );
      }
      this.#open?.lines.push(stripStart(text));
      return;
    }
    this.close();
    if (text.startsWith("[")) {
      this.#startGroup(text, line);
    } else if (text !== "" && !/^[#;]/.test(text)) {
      this.#startAssignment(text, line);
    }
  }

  /** Ends the value that is open, if one is. */
  close(): void {
    if (this.#open === null) return;
    const { name, lines, line } = this.#open;
    this.#open = null;
    if (this.#group !== null) {
      this.assignments.push({ group: this.#group, name, text: lines.join("\n"), line });
    } else if (!this.#groupUnknown) {
      this.#fail(
        line,
        'no group yet: a line such as "[DEFAULT]" must stand above the first option',
      );
    }
  }

  #startGroup(text: string, line: number): void {
    const closed = text.endsWith("]");
    this.#group = closed && text.length > 2 ? text.slice(1, -1) : null;
    this.#groupUnknown = this.#group === null;
    if (!closed) {
      this.#fail(
        line,
        `found ${JSON.stringify(text.slice(0, 60))}, must be "[group]" with nothing after the "]"`,
      );
    } else if (this.#groupUnknown) {
      this.#fail(line, 'the group has no name: must be "[group]"');
    }
  }

  #startAssignment(text: string, line: number): void {
    const separator = text.search(/[:=]/);
    if (separator < 0) {
      const hint = text.startsWith("\ufeff")
        ? "the file starts with a byte order mark (BOM): save it without; the line"
        : "the line";
      this.#fail(line, `${hint} has no "=" or ":": must be "name = value", "[group]" or a comment`);
      return;
    }
    const name = strip(text.slice(0, separator));
    if (name === "") {
      this.#fail(line, `no name before the "${text.charAt(separator)}": must be "name = value"`);
      return;
    }
    this.#open = { name, lines: [unquote(strip(text.slice(separator + 1)))], line };
  }

  #fail(line: number, detail: string): void {
    this.problems.push({ line, detail });
  }
}

/** A lone quote is its own pair to oslo.config: it becomes nothing. */
function unquote(value: string): string {
  const first = value.charAt(0);
  return /["']/.test(first) && value.endsWith(first) ? value.slice(1, -1) : value;
}
