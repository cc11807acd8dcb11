import { readFileSync } from "node:fs";
import path from "node:path";
import { repository, version } from "../programs.ts";
import { editionOf } from "./edition.ts";
import { allPages } from "./manuals.ts";
import { renderRoff } from "./roff.ts";

/**
 * @param date - of the pages, in seconds since the epoch
 * @returns every manual page as text, by `NAME.SECTION`
 */
export function renderManuals(date: number): ReadonlyMap<string, string> {
  const changeLog = readFileSync(path.join(repository, "CHANGELOG.md"), "utf8");
  const edition = editionOf({ sourceDateEpoch: String(date), version: version(), changeLog });
  return new Map(
    allPages().map((page) => [`${page.name}.${page.section}`, renderRoff(page, edition)]),
  );
}
