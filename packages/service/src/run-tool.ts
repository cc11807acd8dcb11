import { printConfig, type LoadedConfig, type OptionGroups } from "@nova-console/config";
import type { CommandArguments, CommandDeclaration } from "./command-line.ts";
import { messageOf } from "./errors.ts";
import { ExitStatus, exitStatusOf } from "./exit-status.ts";
import { nameProcess } from "./process-name.ts";
import { complain } from "./program-log.ts";
import type { ProgramName } from "./program-spec.ts";
import {
  loadOwnConfig,
  print,
  readCommandLine,
  readWords,
  type ConfiguredProgram,
} from "./read-command-line.ts";

/** A program that does one thing and ends, on the configuration of the services. */
export interface ToolSpec {
  readonly program: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Whose configuration `--print-config` shows. */
  readonly configOf: ProgramName;
  /** Options of the configuration that its command line takes. */
  readonly optionGroups: OptionGroups;
  readonly commands: readonly ToolCommand[];
  /** Name of the command that runs when none is given. */
  readonly defaultCommand: string;
}

/** What a tool can do. */
export interface ToolCommand extends CommandDeclaration {
  /**
   * @returns the exit status
   * @throws what ends the program with one line: status 2 as in `ProgramSpec.start`, else 1
   */
  readonly run: (context: ToolContext) => Promise<number>;
}

/** What a tool's command is run with. */
export interface ToolContext {
  readonly args: CommandArguments;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Loads what a service would read, with this command line's options on top. @throws as `loadConfig` */
  readonly loadConfig: (program: ConfiguredProgram, home?: string) => LoadedConfig;
  /**
   * Loads what a service would read that is started with these words. This command line's options are on top; if it
   * names config files, those of the words do not count.
   *
   * @throws as `loadConfig`; {@link UsageError} for words that the service would refuse
   */
  readonly loadConfigOf: (
    program: ProgramName,
    words: readonly string[],
    home?: string,
  ) => Promise<LoadedConfig>;
  /** Width of the terminal; null if the output goes elsewhere. */
  readonly terminalColumns: number | null;
  /** Of this process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Is a tool: command line, command, exit status. Nothing is read of the configuration until a command asks. */
export async function runTool(spec: ToolSpec): Promise<void> {
  nameProcess(spec.program);
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  const status = await run(spec).catch((error: unknown) => {
    complain(spec.program, messageOf(error));
    return exitStatusOf(error);
  });
  // Not process.exit(): what was printed may be on its way through a pipe.
  process.exitCode = status;
  await new Promise((resolve) => process.stdout.write("", resolve));
  process.exit(status);
}

async function run(spec: ToolSpec): Promise<number> {
  const { program, summary, optionGroups, commands, defaultCommand } = spec;
  const argv = process.argv.slice(2);
  const parsed = await readCommandLine({
    ...{ program, summary, argv, optionGroups, commands, defaultCommand },
  });
  if (typeof parsed === "number") return parsed;
  if (parsed.printConfig !== null) {
    print(printConfig(loadOwnConfig(spec.configOf, parsed.values), parsed.printConfig));
    return ExitStatus.Ok;
  }
  const command = commands.find(({ name }) => name === parsed.command);
  if (command === undefined) return ExitStatus.Usage;
  return command.run({
    args: parsed.commandArguments,
    print,
    loadConfig: (of, home) => loadOwnConfig(of, parsed.values, home),
    loadConfigOf: async (of, words, home) => {
      const isFile = ({ name }: { readonly name: string }): boolean =>
        /^config_(file|dir)$/.test(name);
      const started = await readWords(of, words);
      const given = parsed.values;
      if (!given.some(isFile)) return loadOwnConfig(of, [...started, ...given], home);
      // What stands before a config file gives way to it, as with oslo.config.
      const others = [...started, ...given].filter((each) => !isFile(each));
      return loadOwnConfig(of, [...given.filter(isFile), ...others], home);
    },
    terminalColumns: process.stdout.isTTY ? process.stdout.columns : null,
    environment: process.env,
  });
}
