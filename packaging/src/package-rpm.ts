// npm run package:rpm: builds the RPMs of the programs, which must be built, into packaging/build/rpm.
import { rmSync } from "node:fs";
import path from "node:path";
import { repository } from "./programs.ts";
import { buildNodejsRpm } from "./rpm/build-nodejs-rpm.ts";
import { buildRpms } from "./rpm/build-rpms.ts";
import { sourceDate } from "./source-date.ts";

const output = path.join(repository, "packaging/build/rpm");
const release = process.env["RELEASE"] ?? "1";
if (!/^[A-Za-z0-9._+~^]+$/.test(release)) {
  throw new Error(`RELEASE is "${release}": RPM allows letters, digits and . _ + ~ ^ in it`);
}
rmSync(output, { recursive: true, force: true });
const options = { output, release, date: sourceDate() };
const files = [...(await buildRpms(options)), buildNodejsRpm(options)];
for (const file of files) process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
