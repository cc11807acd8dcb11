import { isMachineDefault, type Option, type OptionGroups } from "@nova-console/config";
import yargs, { type Argv, type Options } from "yargs";

import type { CommandDeclaration, CommandLineRequest } from "./command-line-types.ts";
import { optionKey } from "./command-line-words.ts";

const DEFAULT_COLUMNS = 100;

/** The parser of a program's own options, which also prints its help. Its words are those of {@link optionKey}. */
export function createProgramParser(request: CommandLineRequest): Argv {
  const { program, summary, optionGroups, commands = [] } = request;
  const usage = commands.length > 0 ? "$0 [options] [command]" : "$0 [options]";
  const parser = createParser(request).usage(`${usage}\n\n${summary}`);
  const byDefault = commands.find(({ name }) => name === request.defaultCommand);
  if (byDefault !== undefined) addOptions(parser, byDefault, `Options of "${byDefault.name}":`);
  parser
    .options(helpOptions(optionGroups))
    .options({
      "print-config": {
        describe:
          "Print the effective values and where each comes from, and exit: --print-config [ini|json]",
        group: "Other:",
      },
      help: { describe: "Print this, and exit", group: "Other:", boolean: true },
      version: { describe: "Print the version, and exit", group: "Other:", boolean: true },
    })
    .epilogue(
      `Options can stand in nova.conf as well; the group is above each list. "-" does for "_", the start of a name for ` +
        `all of it if no other starts so, and --noNAME (--GROUP-noNAME) turns a switch off.` +
        (commands.length > 0 ? ` "${program} COMMAND --help" tells about a command.` : ""),
    );
  // For the list in the help only: the commands are found, and their options parsed, before this parser is asked.
  for (const command of commands) parser.command(command.usage, command.summary);
  return parser;
}

/** The parser of one command's own options. */
export function createCommandParser(
  request: CommandLineRequest,
  command: CommandDeclaration,
): Argv {
  const operands = (command.operands ?? []).map(
    ({ name, help }) => `${name.toUpperCase()}: ${help}`,
  );
  const description = [command.summary, ...operands].join("\n\n");
  const parser = createParser(request).usage(`$0 ${command.usage}\n\n${description}`);
  addOptions(parser, command, "Options:");
  return parser.epilogue(
    `Options of the program (${request.program} --help) may stand here as well.`,
  );
}

function addOptions(parser: Argv, { options }: CommandDeclaration, group: string): void {
  for (const [key, { type, help, placeholder }] of Object.entries(options)) {
    const describe = placeholder === undefined ? help : `${placeholder}: ${help}`;
    const kind = type === "flag" ? { boolean: true } : { nargs: 1 };
    parser.option(key, { describe, group, ...kind });
  }
}

function createParser({ program, columns = DEFAULT_COLUMNS }: CommandLineRequest): Argv {
  return (
    yargs([])
      .scriptName(program)
      .detectLocale(false)
      .wrap(columns)
      .help(false)
      .version(false)
      .exitProcess(false)
      .showHelpOnFail(false)
      .fail(false)
      // Words and values stay as they were written: config says what they mean.
      .parserConfiguration({
        "boolean-negation": false,
        "camel-case-expansion": false,
        "dot-notation": false,
        "parse-numbers": false,
        "parse-positional-numbers": false,
        "short-option-groups": false,
      })
  );
}

function helpOptions(groups: OptionGroups): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([group, options]) =>
      Object.entries(options).map(([name, option]) => [
        optionKey(group, name, option),
        helpOption(group, option),
      ]),
    ),
  );
}

function helpOption(group: string, option: Option): Options {
  const { placeholder } = option.type;
  return {
    describe: option.help.trim().replace(/\s+/g, " "),
    group: `[${group}]`,
    ...(option.short === null ? {} : { alias: option.short }),
    ...(placeholder === null ? { boolean: true } : { nargs: 1 }),
    ...describeDefault(option),
  };
}

function describeDefault({ default: value }: Option): Pick<Options, "defaultDescription"> {
  if (isMachineDefault(value)) return { defaultDescription: "of this machine" };
  if (value === null || value === false) return {};
  const text = Array.isArray(value) ? value.join(",") : value;
  if (text === "") return {};
  return { defaultDescription: typeof text === "string" ? text : JSON.stringify(text) };
}
