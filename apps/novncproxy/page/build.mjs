// Builds the page: compiles its scripts and puts beside them what they need of noVNC, unchanged.
// The result is all there is: every file comes from the proxy, none from elsewhere.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const here = import.meta.dirname;
const output = join(here, "../dist-page");
const require = createRequire(import.meta.url);
const novnc = dirname(dirname(require.resolve("@novnc/novnc")));
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");

/** What OpenStack's `novncproxy_base_url` has named over the years: one page, three names. */
const PAGES = ["vnc.html", "vnc_lite.html", "vnc_auto.html"];

rmSync(output, { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [tsc, "-p", join(here, "tsconfig.build.json")], {
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(1);

for (const page of PAGES) cpSync(join(here, "static/console.html"), join(output, page));
cpSync(join(here, "static/console.css"), join(output, "app/console.css"));
for (const folder of ["core", "vendor"]) {
  cpSync(join(novnc, folder), join(output, folder), { recursive: true });
}

// MPL-2.0 asks that its text goes with the files; pako's MIT licence is in vendor/pako.
mkdirSync(join(output, "licences"));
for (const licence of [
  "LICENSE.txt",
  "AUTHORS",
  "docs/LICENSE.MPL-2.0",
  "docs/LICENSE.BSD-2-Clause",
]) {
  cpSync(join(novnc, licence), join(output, "licences", `novnc-${licence.split("/").pop()}`));
}
