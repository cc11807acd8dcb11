// npm run package:deb: builds the .debs of the programs, which must be built, into packaging/build/deb.
import { rmSync } from "node:fs";
import path from "node:path";
import { buildDebs } from "./deb/build-debs.ts";
import { repository } from "./programs.ts";
import { sourceDate } from "./source-date.ts";

const output = path.join(repository, "packaging/build/deb");
rmSync(output, { recursive: true, force: true });
const files = await buildDebs({ output, date: sourceDate() });
for (const file of files) process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
