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
interface Origin {
  readonly name: string;
  readonly version: string;
  readonly license: string;
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
    const file = `${origin.name.replace("@", "").replace("/", "-")}-${origin.version}.txt`;
    writeFileSync(path.join(output, file), licenceText(origin));
  }
  const list = origins.map(({ name, version, license }) => `${name} ${version}: ${license}\n`);
  writeFileSync(path.join(output, "PACKAGES"), list.join(""));
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

function licenceText({ name, directory }: Origin): string {
  const files = readdirSync(directory).filter((file) =>
    /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(file),
  );
  const readme = path.join(directory, "README.md");
  if (files.length === 0 && existsSync(readme)) {
    const section = /^#+ *licen[cs]e.*$[\s\S]*/im.exec(readFileSync(readme, "utf8"))?.[0];
    if (section !== undefined) return section;
  }
  if (files.length === 0) throw new Error(`${name}: no licence text in ${directory}`);
  return files.map((file) => readFileSync(path.join(directory, file), "utf8")).join("\n");
}
