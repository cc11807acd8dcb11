import type { Block, ManualPage, Text } from "./manual-page.ts";

/** Longest line of text in the source; longer ones are broken at a blank. */
const LINE_LENGTH = 78;
/** Longest word that is never broken: it fits a line of a narrow page. */
const LONGEST_UNBROKEN = 40;
/** Signs that roff would set as something else than ASCII, or take for its own. groff_char(7) */
const escapes: Readonly<Record<string, string>> = {
  "\\": "\\(rs",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
};
const faces = { roman: "R", bold: "B", italic: "I" } as const;

/** What the page's head and foot say beside its name. */
export interface Edition {
  /** `2026-11-25`. */
  readonly date: string;
  /** `nova-console 0.1.0`. */
  readonly source: string;
}

/**
 * Renders a page in the macros of man(7), which groff and mandoc know alike.
 *
 * @see man(7), man-pages(7)
 */
export function renderRoff(page: ManualPage, { date, source }: Edition): string {
  const { name, section, purpose, sections } = page;
  const lines = [
    '.\\" Made from the declarations of options and commands: change those.',
    `.TH ${name.toUpperCase()} ${section} "${date}" "${source}" "System Manager's Manual"`,
    // Names are not to be broken, and no blanks put between words that may be copied.
    ".nh",
    ".ad l",
    ".SH NAME",
    `${encodeText(name)} \\- ${encodeText(purpose)}`,
    ...sections.flatMap(({ title, blocks }) => [
      `.SH ${title.includes(" ") ? `"${title}"` : title}`,
      ...blocks.flatMap((block, index) => renderBlock(block, blocks[index - 1] ?? null)),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** @param before - what stands before it in its section: the first paragraph needs no break */
function renderBlock(block: Block, before: Block | null): string[] {
  const isFirst = before === null || before.kind === "heading";
  switch (block.kind) {
    case "heading":
      return [`.SS "${encodeText(block.title)}"`];
    case "paragraph":
      return [...(isFirst ? [] : [".PP"]), ...fill(block.text)];
    case "item": {
      const [first = [], ...rest] = block.body;
      return [
        ".TP",
        encodeSpans(block.term),
        ...fill(first),
        ...rest.flatMap((text) => [".IP", ...fill(text)]),
      ];
    }
    case "example":
      return [
        ...(isFirst ? [] : [".PP"]),
        ".RS 4",
        ".EX",
        ...block.lines.map((line) => guard(encodeText(line))),
        ".EE",
        ".RE",
      ];
  }
}

/** Breaks text into lines of source; no line is a request by accident. */
function fill(text: Text): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of encodeSpans(text).split(" ")) {
    if (line !== "" && line.length + 1 + word.length > LINE_LENGTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].filter((part) => part !== "").map(guard);
}

function encodeSpans(text: Text): string {
  return text
    .map(({ face, text: words }) => {
      const encoded = encodeText(words.replace(/\s+/g, " "));
      return face === "roman" ? encoded : `\\f${faces[face]}${encoded}\\fR`;
    })
    .join("");
}

/** Escapes what has a meaning in roff, and keeps ASCII signs what they are when they are copied from the page. */
function encodeText(text: string): string {
  return text
    .split(" ")
    .map((word) => {
      const encoded = word.replace(/[\\\-'`^~"]/g, (sign) => escapes[sign] ?? sign);
      // A URL may be longer than a line: it may be broken behind these.
      return word.length > LONGEST_UNBROKEN ? encoded.replace(/[,/@](?!$)/g, "$&\\:") : encoded;
    })
    .join(" ");
}

/** A line that begins with "." or "'" is a request. */
function guard(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
