/**
 * Breaks a text into lines of at most `columns` characters, as a terminal does.
 *
 * @returns at least one line; the last is where the next character goes
 */
export function wrapText(text: string, columns: number): string[] {
  return text.split("\n").flatMap((line) => {
    const characters = Array.from(line);
    const lines: string[] = [];
    for (let start = 0; start < characters.length; start += columns) {
      lines.push(characters.slice(start, start + columns).join(""));
    }
    return lines.length === 0 ? [""] : lines;
  });
}
