import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { build, type Plugin } from "esbuild";
import { repository, version, type Program } from "./programs.ts";

/** The oldest Node.js that the programs run on: packages/service/require-node.cjs. */
const TARGET = "node22.13";

/** What modules in CommonJS style call, and ES modules lack. */
const REQUIRE = [
  'import { createRequire as createRequireOfBundle } from "node:module";',
  "const require = createRequireOfBundle(import.meta.url);",
].join("\n");

/** Programs of threads, by the name that the code which starts them looks for beside itself. */
const THREADS = { "sqlite-worker": "packages/token/dist/sqlite-worker.js" };

/** Native add-ons that libraries use if they are there: packages of ours are for every processor. */
const NEVER_THERE = ["bufferutil", "utf-8-validate", "pg-native"];

/**
 * Has modules of Node.js' own required, not imported. To import one reads each of its exports, and so loads what
 * `node:http` offers for browsers' sake (fetch, WebSocket), which is a sixth of a program's start.
 */
const BUILT_IN: Plugin = {
  name: "built-in",
  setup(bundling) {
    const namespace = "built-in";
    bundling.onResolve({ filter: /^[^./]/ }, ({ path: name, kind }) => {
      const isImported = kind === "import-statement" || kind === "dynamic-import";
      return isImported && isBuiltin(name) ? { path: name, namespace } : null;
    });
    bundling.onLoad({ filter: /.*/, namespace }, ({ path: name }) => {
      return { contents: `module.exports = require(${JSON.stringify(name)});` };
    });
  },
};

/**
 * Makes one folder of a program and all that it needs of `node_modules`, so that nothing else must be installed.
 *
 * It is laid out as the program's own folder, since code finds its page and its version beside it:
 * `bin/NAME.cjs`, `dist/`, `package.json`.
 *
 * @param output - made if it isn't there
 * @returns files and folders of the repository that are inside, relative to it: their licences must be given along
 */
export async function bundle(program: Program, output: string): Promise<string[]> {
  mkdirSync(output, { recursive: true });
  const code = await build({
    ...common,
    entryPoints: { main: path.join(program.directory, "dist/main.js"), ...THREADS },
    outdir: path.join(output, "dist"),
    format: "esm",
    // What only some configurations need stays in files of its own, and is not read by the others.
    splitting: true,
    banner: { js: REQUIRE },
    plugins: [BUILT_IN],
  });
  const launcher = await build({
    ...common,
    entryPoints: [path.join(program.directory, `bin/${program.name}.cjs`)],
    outfile: path.join(output, `bin/${program.name}.cjs`),
    format: "cjs",
    external: ["../dist/main.js"],
  });
  // A package has a launcher of its own: this file is read by node, and no command.
  const launcherFile = path.join(output, `bin/${program.name}.cjs`);
  writeFileSync(launcherFile, readFileSync(launcherFile, "utf8").replace(/^#!.*\n/, ""));
  for (const folder of program.data) {
    cpSync(path.join(program.directory, folder), path.join(output, folder), { recursive: true });
  }
  const inside = { name: program.name, version: version(), license: "Apache-2.0", type: "module" };
  writeFileSync(path.join(output, "package.json"), `${JSON.stringify(inside, null, 2)}\n`);
  const inputs = [code, launcher].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  return [...inputs, ...program.dataFrom.map((name) => `node_modules/${name}`)];
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
