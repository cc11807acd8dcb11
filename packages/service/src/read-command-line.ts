import { readFileSync } from "node:fs";
import { availableParallelism, homedir, hostname, networkInterfaces } from "node:os";
import {
  loadConfig,
  optionGroups,
  type CommandLineValue,
  type LoadedConfig,
} from "@nova-console/config";
import {
  parseCommandLine,
  UsageError,
  type CommandLineRequest,
  type ParsedCommandLine,
} from "./command-line.ts";
import { ExitStatus } from "./exit-status.ts";
import { escapeControls } from "./log-text.ts";
import { primaryAddress } from "./primary-address.ts";
import type { ProgramName } from "./program-spec.ts";

/** A program whose config files are read: one of ours, or one that reads the same nova.conf. */
export type ConfiguredProgram = ProgramName | "nova-compute";

/** A command line that asks for something to be run. */
export type RunRequest = Extract<ParsedCommandLine, { kind: "run" }>;

/**
 * Parses this process's command line. Help and version are printed, and so is what is wrong with it.
 *
 * @returns what to run, or the exit status if there is nothing more to do
 */
export async function readCommandLine(
  request: Omit<CommandLineRequest, "version" | "columns">,
): Promise<RunRequest | ExitStatus> {
  try {
    const columns = Math.min(process.stdout.columns || 100, 120);
    const parsed = await parseCommandLine({ ...request, version: version(), columns });
    if (parsed.kind === "run") return parsed;
    print(parsed.text.endsWith("\n") ? parsed.text : `${parsed.text}\n`);
    return ExitStatus.Ok;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // It names the program itself.
    process.stderr.write(`${escapeControls(error.message)}\n`);
    return ExitStatus.Usage;
  }
}

/**
 * Reads the options of another program's command line.
 *
 * @throws {@link UsageError} if that program would refuse them
 */
export async function readWords(
  program: ProgramName,
  words: readonly string[],
): Promise<readonly CommandLineValue[]> {
  const argv = [...words];
  const parsed = await parseCommandLine({
    ...{ program, summary: "", argv, optionGroups, version: version() },
  });
  return parsed.kind === "run" ? parsed.values : [];
}

/**
 * Loads a program's configuration, on this machine.
 *
 * @param home - of the user that the program runs as; this process's user if absent
 * @throws as `loadConfig`
 */
export function loadOwnConfig(
  program: ConfiguredProgram,
  commandLine: readonly CommandLineValue[],
  home: string = ownHome(homedir),
): LoadedConfig {
  return loadConfig({
    program,
    homeDirectory: home,
    hostName: hostname(),
    primaryAddress: primaryAddress(networkInterfaces()),
    cores: availableParallelism(),
    commandLine,
  });
}

/** The home of a user that has none. */
const NO_HOME = "/nonexistent";

/**
 * Finds the home of this process's user.
 *
 * @param find - throws where HOME is not set and the user has no record: in a container with a number for a user
 */
export function ownHome(find: () => string): string {
  try {
    return find();
  } catch {
    return NO_HOME;
  }
}

/** Writes to standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** All packages have one version; this one's package.json is beside both `src` and `dist`. */
function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? "unknown";
}
