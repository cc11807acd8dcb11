/** What ends a line somewhere, or moves a cursor: controls, and Unicode's line and paragraph ends. */
const NOT_OF_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Makes a text fit into one line of a file. What would end the line becomes `?`: a value that is so
 * odd opens nothing anyway, and must not become a second line.
 */
export function printableLine(text: string): string {
  return text.replace(NOT_OF_A_LINE, "?");
}
