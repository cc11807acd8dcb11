import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { repository } from "./programs.ts";

/** A package of others, of which code is in a bundle. */
export interface Library {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
}

/** The same, where it was taken from. */
interface Origin extends Library {
  readonly directory: string;
}

/**
 * Writes the licences of everything that a bundle contains: one file per package, and a list of them.
 *
 * @param inputs - the files that went into the bundle, relative to the repository
 * @param output - folder, made if it isn't there
 * @throws Error if a package's licence, or its text, cannot be found: without it it must not be given away
 */
export function writeLicences(inputs: readonly string[], output: string): void {
  mkdirSync(output, { recursive: true });
  copyFileSync(path.join(repository, "LICENSE"), path.join(output, "LICENSE"));
  const origins = originsOf(inputs);
  for (const origin of origins) {
    writeFileSync(path.join(output, licenceFile(origin)), licenceText(origin));
  }
  const list = origins.map(({ name, version, license }) => `${name} ${version}: ${license}\n`);
  writeFileSync(path.join(output, "PACKAGES"), list.join(""));
}

/** Name of the file of a library's licence. */
export function licenceFile({ name, version }: Library): string {
  return `${name.replace("@", "").replace("/", "-")}-${version}.txt`;
}

/** Reads again what is inside, from the list that {@link writeLicences} wrote. */
export function bundledLibraries(directory: string): Library[] {
  const list = readFileSync(path.join(directory, "PACKAGES"), "utf8").trim();
  return list.split("\n").map((line) => {
    const [, name, version, license] = /^(\S+) (\S+): (.+)$/.exec(line) ?? [];
    if (name === undefined || version === undefined || license === undefined) {
      throw new Error(`${directory}/PACKAGES: ${line}`);
    }
    return { name, version, license };
  });
}

/** @returns each version of each package once, by name */
function originsOf(inputs: readonly string[]): readonly Origin[] {
  const directories = new Set(
    inputs
      .map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0])
      .filter((directory) => directory !== undefined),
  );
  const origins = [...directories].map((directory) => readOrigin(path.join(repository, directory)));
  const byVersion = new Map(origins.map((origin) => [`${origin.name} ${origin.version}`, origin]));
  return [...byVersion.values()].sort((one, other) => one.name.localeCompare(other.name, "en"));
}

function readOrigin(directory: string): Origin {
  const text = readFileSync(path.join(directory, "package.json"), "utf8");
  const { name, version, license } = JSON.parse(text) as Record<string, unknown>;
  if (typeof name !== "string" || typeof version !== "string" || typeof license !== "string") {
    throw new Error(`${directory}/package.json has no name, version or licence`);
  }
  return { name, version, license, directory };
}

const LICENCE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/** Where a package has the texts of its licences: noVNC names them in one file, and has them in `docs`. */
const LICENCE_FOLDERS = ["", "docs"];

function licenceText({ name, directory }: Origin): string {
  const files = LICENCE_FOLDERS.flatMap((folder) => {
    const where = path.join(directory, folder);
    const names = existsSync(where) ? readdirSync(where) : [];
    return names.filter((file) => LICENCE.test(file)).map((file) => path.join(folder, file));
  });
  const readme = path.join(directory, "README.md");
  if (files.length === 0 && existsSync(readme)) {
    const section = /^#+ *licen[cs]e.*$[\s\S]*/im.exec(readFileSync(readme, "utf8"))?.[0];
    if (section !== undefined) return section;
  }
  if (files.length === 0) throw new Error(`${name}: no licence text in ${directory}`);
  return files.map((file) => readFileSync(path.join(directory, file), "utf8")).join("\n");
}
