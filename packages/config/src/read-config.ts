import { join } from "node:path";

import {
  findDefaultDirectories,
  findDefaultFiles,
  listConfigDirectory,
} from "./find-config-files.ts";
import type { Machine, OptionGroups } from "./option.ts";
import { parseSections } from "./parse-sections.ts";
import { readText } from "./read-text.ts";
import { normalizeGroup, resolveOptions, type GivenText, type ResolvedOption } from "./resolve.ts";

/** An option of the command line. */
export interface CommandLineValue {
  readonly group: string;
  readonly name: string;
  /** As in a config file: `true` for a switch. */
  readonly text: string;
  /** As the user wrote it, for messages: `--vnc-novncproxy_port`. */
  readonly spelling: string;
}

/** Which program's configuration to read. */
export interface ReadRequest {
  /** Name of the program, which is part of the names of its own config files. */
  readonly program: string;
  /** Of the user that the program runs as, for `~`. */
  readonly homeDirectory: string;
  /**
   * In the order of the command line. `[DEFAULT] config_file` and `config_dir` name what to read; a config file wins
   * over the options that stand before it, as it does for oslo.config.
   */
  readonly commandLine: readonly CommandLineValue[];
  /** Below which default files are looked for; "/" if absent. For tests. */
  readonly rootDirectory?: string;
}

/** Everything that was read, good or not. */
export interface Reading {
  readonly resolved: readonly ResolvedOption[];
  /** What the files say, `group` as written. */
  readonly given: readonly GivenText[];
  readonly files: readonly string[];
}

/** Reads files and command line and resolves every option; wrong values are left to the caller. */
export function readConfig(request: ReadRequest, groups: OptionGroups, machine: Machine): Reading {
  const steps = [
    ...defaultPaths(request).map((file) => ({ file })),
    ...request.commandLine.flatMap((value) => stepsOf(value, request.homeDirectory)),
  ];
  const files: string[] = [];
  const given: GivenText[] = [];
  const layers = steps.map((step) => {
    if (!("file" in step)) return [step];
    files.push(step.file);
    const written = readFile(step.file);
    for (const text of written) given.push(text);
    return written.map((text) => ({ ...text, group: normalizeGroup(text.group) }));
  });
  return { resolved: resolveOptions(groups, layers, machine), given, files };
}

function defaultPaths({
  program,
  homeDirectory,
  rootDirectory = "/",
  commandLine,
}: ReadRequest): string[] {
  const names = commandLine.filter(({ group }) => group === "DEFAULT").map(({ name }) => name);
  if (names.includes("config_file")) return [];
  const place = { program, homeDirectory, rootDirectory };
  const directories = names.includes("config_dir") ? [] : findDefaultDirectories(place);
  return [
    ...findDefaultFiles(place),
    ...directories.flatMap((directory) => listConfigDirectory(directory)),
  ];
}

function stepsOf(value: CommandLineValue, home: string): (GivenText | { readonly file: string })[] {
  const { group, name, text, spelling } = value;
  const step: GivenText = { group, name, text, source: `command line (${spelling})` };
  if (group !== "DEFAULT") return [step];
  const path = text === "~" || text.startsWith("~/") ? join(home, text.slice(1)) : text;
  switch (name) {
    case "config_file":
      return [step, { file: path }];
    case "config_dir":
      return [step, ...listConfigDirectory(path).map((file) => ({ file }))];
    default:
      return [step];
  }
}

function readFile(path: string): GivenText[] {
  return parseSections(readText(path), path).map(({ group, name, text, line }) => ({
    group,
    name,
    text,
    source: `${path}:${line}`,
  }));
}
