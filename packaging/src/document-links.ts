import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A link of Markdown to a file: its text, its file, and the heading there. */
const LINK = /(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)/g;

/**
 * Leaves of links to files that are not installed their text only: what is about the source code is not packaged.
 *
 * @param text - Markdown
 * @param where - its file, relative to the folder of all documents
 * @param isInstalled - whether a file or folder, relative to that folder, is there
 */
export function withoutDeadLinks(
  text: string,
  where: string,
  isInstalled: (file: string) => boolean,
): string {
  return text.replaceAll(LINK, (link, _image: string, words: string, file: string) =>
    isInstalled(path.posix.join(path.posix.dirname(where), file)) ? link : words,
  );
}

/** Does so with every document of a folder, as they lie there. */
export function mendDocuments(folder: string): void {
  for (const file of globSync("**/*.md", { cwd: folder })) {
    const where = path.join(folder, file);
    const text = readFileSync(where, "utf8");
    const isInstalled = (other: string): boolean => existsSync(path.join(folder, other));
    writeFileSync(where, withoutDeadLinks(text, file, isInstalled));
  }
}
