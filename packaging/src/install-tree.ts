import {
  chmodSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { bundle } from "./bundle.ts";
import { mendDocuments } from "./document-links.ts";
import { writeLicences } from "./licences.ts";
import { packageFiles, type Manuals, type PackageFile } from "./package-files.ts";
import type { Family, Package } from "./packages.ts";

/** What is laid out, and where. */
export interface InstallTreeOptions {
  readonly family: Family;
  readonly pack: Package;
  /** Every manual page there is. */
  readonly manuals: Manuals;
  /** What `/` will be: a folder, made if it isn't there. */
  readonly destination: string;
  /** Age of every file, in seconds since the epoch: SOURCE_DATE_EPOCH. */
  readonly date: number;
}

/**
 * Lays out a package's files as they will be installed; who owns them is for whoever packs them.
 *
 * The programs must be built. The same sources and date make the same tree, byte for byte.
 *
 * @returns what was laid out
 */
export async function installTree(options: InstallTreeOptions): Promise<PackageFile[]> {
  const { family, pack, manuals, destination, date } = options;
  const files = packageFiles(family, pack, manuals);
  const at = (file: PackageFile): string => path.join(destination, file.path);
  mkdirSync(destination, { recursive: true });
  const inside: string[] = [];
  for (const file of files) {
    const { content } = file;
    if (content.kind === "bundle") inside.push(...(await bundle(content.program, at(file))));
  }
  for (const file of files) {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    if (file.content.kind === "text") writeFileSync(at(file), file.content.text);
    if (file.content.kind === "copy") cpSync(file.content.of, at(file), { recursive: true });
    if (file.content.kind === "licences") writeLicences(inside, at(file));
  }
  mendDocuments(path.join(destination, "usr/share/doc", pack.name));
  const executables = files.filter(({ mode }) => mode === 0o755).map(at);
  settle(destination, new Set(executables), date);
  return files;
}

/** Gives everything the mode and the age that it is to have, whatever the umask is and the clock says. */
function settle(where: string, executables: ReadonlySet<string>, date: number): void {
  const isDirectory = lstatSync(where).isDirectory();
  if (isDirectory) {
    for (const name of readdirSync(where)) settle(path.join(where, name), executables, date);
  }
  chmodSync(where, isDirectory || executables.has(where) ? 0o755 : 0o644);
  lutimesSync(where, date, date);
}
