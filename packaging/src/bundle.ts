import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { writeLicences } from "./licences.ts";
import { repository, version, type Program } from "./programs.ts";

/** The oldest Node.js that the programs run on: packages/service/require-node.cjs. */
const TARGET = "node22.13";

/** What modules in CommonJS style call, and ES modules lack. */
const REQUIRE = [
  'import { createRequire as createRequireOfBundle } from "node:module";',
  "const require = createRequireOfBundle(import.meta.url);",
].join("\n");

/** Native add-ons that libraries use if they are there: packages of ours are for every processor. */
const NEVER_THERE = ["bufferutil", "utf-8-validate", "pg-native"];

/**
 * Makes one folder of a program and all that it needs of `node_modules`, so that nothing else must be installed.
 *
 * It is laid out as the program's own folder, since code finds its page and its version beside it:
 * `bin/NAME.cjs`, `dist/`, `package.json`, and `licences/` of all that is inside.
 *
 * @param output - made if it isn't there
 */
export async function bundle(program: Program, output: string): Promise<void> {
  mkdirSync(output, { recursive: true });
  const code = await build({
    ...common,
    entryPoints: [path.join(program.directory, "dist/main.js")],
    outdir: path.join(output, "dist"),
    format: "esm",
    // What only some configurations need stays in files of its own, and is not read by the others.
    splitting: true,
    banner: { js: REQUIRE },
  });
  const launcher = await build({
    ...common,
    entryPoints: [path.join(program.directory, `bin/${program.name}.cjs`)],
    outfile: path.join(output, `bin/${program.name}.cjs`),
    format: "cjs",
    external: ["../dist/main.js"],
  });
  for (const folder of program.data) {
    cpSync(path.join(program.directory, folder), path.join(output, folder), { recursive: true });
  }
  const inside = { name: program.name, version: version(), license: "Apache-2.0", type: "module" };
  writeFileSync(path.join(output, "package.json"), `${JSON.stringify(inside, null, 2)}\n`);
  const inputs = [code, launcher].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeLicences(inputs, path.join(output, "licences"));
}

const common = {
  absWorkingDir: repository,
  bundle: true,
  platform: "node",
  target: TARGET,
  external: NEVER_THERE,
  // Names stay as they are: a stack in an operator's log is to be read.
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
} as const;
