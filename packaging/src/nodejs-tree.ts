import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { repository } from "./programs.ts";

const pinned = path.join(repository, "node_modules/node");

/** What it is taken out of, by version. */
const CACHE = path.join(repository, "packaging/build/nodejs");

const FETCH_LIMIT_MS = 120_000;

/** The pinned Node.js, as package.json of the repository has it. */
export function nodejsVersion(): string {
  const { version } = createRequire(import.meta.url)(path.join(pinned, "package.json")) as {
    version: string;
  };
  return version;
}

/**
 * Lays out the pinned Node.js for a package of its own.
 *
 * Its licence is not where npm put the program: it comes out of the package that npm took that from.
 *
 * @param destination - what `/` will be
 * @returns the file of its licence
 * @throws Error if that package's program is another one
 */
export function nodejsTree(destination: string): string {
  const program = path.join(pinned, "bin/node");
  const where = path.join(destination, "usr/lib/nova-console/nodejs/bin/node");
  mkdirSync(path.dirname(where), { recursive: true });
  copyFileSync(program, where);
  const origin = path.join(CACHE, `node-${nodejsVersion()}-${process.arch}`);
  if (!existsSync(origin)) fetchOrigin(origin);
  if (!readFileSync(path.join(origin, "bin/node")).equals(readFileSync(program))) {
    throw new Error(`${program} is not the one that ${origin} has the licence of`);
  }
  return path.join(origin, "LICENSE");
}

/** Unpacks it beside its place first: others may be doing the same, and half of it is none. */
function fetchOrigin(folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    const name = `node-${process.platform}-${process.arch}`;
    const options = { cwd: work, encoding: "utf8", timeout: FETCH_LIMIT_MS } as const;
    execFileSync("npm", ["pack", "--silent", `${name}@${nodejsVersion()}`], options);
    const archive = `${name}-${nodejsVersion()}.tgz`;
    execFileSync("tar", ["-xzf", archive, "package/LICENSE", "package/bin/node"], options);
    if (!existsSync(folder)) renameSync(path.join(work, "package"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
