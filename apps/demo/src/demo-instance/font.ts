import { glyphRows } from "./glyphs.ts";

/** Dots from one letter to the next, and from one line to the next. */
export const CELL_WIDTH = 6;
export const CELL_HEIGHT = 11;

/** A dot of ink, counted from the cell's top left corner. */
export interface Dot {
  readonly x: number;
  readonly y: number;
}

/** What is shown for a character that was not drawn. */
const UNKNOWN = "##### #...# #...# #...# #...# #...# #####";

const glyphs = new Map(Object.entries(glyphRows));
const parsed = new Map<string, readonly Dot[]>();

/** The dots that make a character; those of a hollow box if the font lacks it. */
export function dotsOf(character: string): readonly Dot[] {
  const known = parsed.get(character);
  if (known !== undefined) return known;
  const dots = parseRows(glyphs.get(character) ?? UNKNOWN);
  // What viewers type is theirs to choose: only what the font has is remembered.
  if (glyphs.has(character)) parsed.set(character, dots);
  return dots;
}

function parseRows(rows: string): Dot[] {
  return rows
    .split(" ")
    .flatMap((row, y) => Array.from(row, (mark, x) => (mark === "#" ? { x, y } : null)))
    .filter((dot) => dot !== null);
}
