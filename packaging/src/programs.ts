import { readFileSync } from "node:fs";
import path from "node:path";

/** The repository's folder. */
export const repository = path.resolve(import.meta.dirname, "../..");

/** A program that is packaged. */
export interface Program {
  /** What an operator types: the name below `/usr/bin`. */
  readonly name: string;
  /** Its folder in the repository. */
  readonly directory: string;
  /** Files that it reads while it runs, beside its code: folders of its directory. */
  readonly data: readonly string[];
}

/** All of them, by name. */
export const programs = {
  novncproxy: program("nova-novncproxy", "novncproxy", ["dist-page"]),
  xvpvncproxy: program("nova-xvpvncproxy", "xvpvncproxy"),
  consoleauth: program("nova-consoleauth", "consoleauth"),
} as const satisfies Record<string, Program>;

function program(name: string, app: string, data: readonly string[] = []): Program {
  return { name, directory: path.join(repository, "apps", app), data };
}

/** Every package of the repository has this version. */
export function version(): string {
  const text = readFileSync(path.join(repository, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
