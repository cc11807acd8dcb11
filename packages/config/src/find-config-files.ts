import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { ConfigFileError } from "./errors.ts";
import { describeFileError } from "./read-text.ts";

/** Where default files are looked for. */
export interface SearchPlace {
  readonly program: string;
  readonly homeDirectory: string;
  /** "/", but for tests. */
  readonly rootDirectory: string;
}

/**
 * Finds the config files to read when none is named, in the order in which they are read: the distribution's
 * `nova-dist.conf` and `PROGRAM-dist.conf`, then the first `nova.conf` and the first `PROGRAM.conf` of `~/.nova`, `~`,
 * `/etc/nova` and `/etc`.
 *
 * @returns only files that exist
 */
export function findDefaultFiles({ program, homeDirectory, rootDirectory }: SearchPlace): string[] {
  const distribution = ["nova", program]
    .map((name) => join(rootDirectory, "usr/share/nova", `${name}-dist.conf`))
    .filter((path) => existsSync(path));
  return [
    ...distribution,
    ...findFirstOfEach(homeDirectory, rootDirectory, [`nova.conf`, `${program}.conf`]),
  ];
}

/** Finds the directories `nova.conf.d` and `PROGRAM.conf.d` in the same places, see {@link findDefaultFiles}. */
export function findDefaultDirectories({
  program,
  homeDirectory,
  rootDirectory,
}: SearchPlace): string[] {
  return findFirstOfEach(homeDirectory, rootDirectory, ["nova.conf.d", `${program}.conf.d`]);
}

/**
 * Lists the config files of a directory: `*.conf`, no hidden ones, sorted as text (`10.conf` before `9.conf`).
 *
 * @throws {@link ConfigFileError} if it can't be read
 */
export function listConfigDirectory(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".conf") && !name.startsWith("."))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    throw new ConfigFileError(`config directory ${directory}: ${describeFileError(error)}`, {
      cause: error,
    });
  }
}

function findFirstOfEach(home: string, root: string, names: readonly string[]): string[] {
  const places = [join(home, ".nova"), home, join(root, "etc/nova"), join(root, "etc")];
  return names.flatMap((name) => {
    const found = places.map((place) => join(place, name)).find((path) => existsSync(path));
    return found === undefined ? [] : [found];
  });
}
