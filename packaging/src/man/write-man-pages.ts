import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { editionOf } from "./edition.ts";
import { allPages } from "./manuals.ts";
import { renderRoff } from "./roff.ts";

// node packaging/src/man/write-man-pages.ts DIRECTORY: writes DIRECTORY/nova-novncproxy.8 and so on.
const [directory, ...more] = process.argv.slice(2);
if (directory === undefined || more.length > 0) {
  process.stderr.write("usage: node write-man-pages.ts DIRECTORY\n");
  process.exit(2);
}
const root = join(import.meta.dirname, "../../..");
// Of our own making: npm would not read it if it were of another shape.
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
};
try {
  const edition = editionOf({
    sourceDateEpoch: process.env["SOURCE_DATE_EPOCH"],
    version,
    changeLog: readFileSync(join(root, "CHANGELOG.md"), "utf8"),
  });
  mkdirSync(directory, { recursive: true });
  for (const page of allPages()) {
    writeFileSync(join(directory, `${page.name}.${page.section}`), renderRoff(page, edition));
  }
} catch (error) {
  process.stderr.write(
    `write-man-pages: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
