import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import type { CommandLineValue } from "@nova-console/config";

import {
  UsageError,
  type CommandArguments,
  type CommandDeclaration,
  type CommandLineRequest,
  type ParsedCommandLine,
} from "./command-line-types.ts";
import { nearestName } from "@nova-console/config";
import {
  commandWords,
  findMeaning,
  optionWords,
  type Vocabulary,
  type WordMeaning,
} from "./command-line-words.ts";

export { UsageError } from "./command-line-types.ts";
export type {
  CommandArguments,
  CommandDeclaration,
  CommandLineRequest,
  CommandOperand,
  CommandOption,
  ParsedCommandLine,
} from "./command-line-types.ts";

/** A config option where it was written. */
interface Occurrence {
  readonly meaning: WordMeaning & { readonly kind: "option" };
  readonly spelling: string;
}

/** The command line with every word in its full form. */
interface Words {
  readonly program: string[];
  readonly ownOfCommand: string[];
  readonly operands: string[];
  readonly occurrences: Occurrence[];
  command: CommandDeclaration | null;
  asked: "help" | "version" | null;
  printConfig: "ini" | "json" | null;
}

/**
 * Parses a command line in oslo.config's spelling: `--name`, `--group-name`, `--noname`, the start of a name where no other
 * starts so, and "-" for "_".
 *
 * An option of a command hides the program's option of the same name behind the command.
 *
 * @throws {@link UsageError} (as a rejection) if it can't be understood; no operand is in its message, which may be a token
 */
export async function parseCommandLine(request: CommandLineRequest): Promise<ParsedCommandLine> {
  try {
    const words = readWords(request);
    switch (words.asked) {
      case "help":
        return { kind: "text", text: await helpText(request, words.command) };
      case "version":
        return { kind: "text", text: `${request.program} ${request.version}` };
      case null:
        return {
          kind: "run",
          command: words.command?.name ?? null,
          commandArguments: commandArguments(words),
          values: optionValues(words),
          printConfig: words.printConfig,
        };
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const line = `${request.program}: ${error.message} (${request.program} --help tells more)`;
    throw new UsageError(line.replace(/\p{Cc}/gu, "?"), { cause: error });
  }
}

/** Writes every option's word in full, finds the command, and keeps the order of all options. */
function readWords(request: CommandLineRequest): Words {
  const { argv, commands = [] } = request;
  const byDefault = commands.find(({ name }) => name === request.defaultCommand) ?? null;
  const ofProgram = optionWords(request.optionGroups);
  let vocabularies: Vocabulary[] = [
    ...(byDefault === null ? [] : [commandWords(byDefault)]),
    ofProgram,
  ];
  const words: Words = {
    program: [],
    ownOfCommand: [],
    operands: [],
    occurrences: [],
    command: null,
    asked: null,
    printConfig: null,
  };
  const rest = expandShort(argv);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      words.operands.push(...rest.splice(0));
    } else if (word.startsWith("--")) {
      readOption(word, rest, words, vocabularies);
    } else if (word.startsWith("-") && word !== "-") {
      throw new UsageError(`unknown option ${word.slice(0, 60)}`);
    } else if (words.command === null && commands.length > 0) {
      words.command = findCommand(word, commands);
      vocabularies = [commandWords(words.command), ofProgram];
    } else {
      words.operands.push(word);
    }
  }
  // Help that is asked for without a command is the program's.
  if (words.asked === null) words.command ??= byDefault;
  checkOwnOptions(words);
  checkOperands(words);
  return words;
}

/** What stood before the command was taken for the default command's. */
function checkOwnOptions({ command, ownOfCommand, asked }: Words): void {
  if (command === null || asked !== null) return;
  for (const word of ownOfCommand) {
    const key = /^--([^=]*)/.exec(word)?.[1] ?? "";
    if (!(key in command.options)) {
      throw new UsageError(`--${key} is no option of "${command.name}"`);
    }
  }
}

function readOption(
  written: string,
  rest: string[],
  words: Words,
  vocabularies: readonly Vocabulary[],
): void {
  const equals = written.indexOf("=");
  const spelling = equals < 0 ? written : written.slice(0, equals);
  const value = equals < 0 ? null : written.slice(equals + 1);
  const meaning = findMeaning(spelling.slice(2), vocabularies);
  switch (meaning.kind) {
    case "help":
    case "version":
      refuseValue(spelling, value);
      words.asked ??= meaning.kind;
      return;
    case "printConfig":
      words.printConfig = readForm(value ?? (isForm(rest[0]) ? rest.shift() : "ini"));
      return;
    case "option":
      words.occurrences.push({ meaning, spelling: spelling.replace(/^-(-.)$/, "$1") });
      if (meaning.switchTo !== null) refuseValue(spelling, value);
      else words.program.push(...withValue(meaning.key, spelling, value, rest));
      return;
    case "commandOption":
      if (!meaning.takesValue) refuseValue(spelling, value);
      words.ownOfCommand.push(
        ...(meaning.takesValue
          ? withValue(meaning.key, spelling, value, rest)
          : [`--${meaning.key}`]),
      );
  }
}

/** The option's full word and its value as one argument, which is what follows it if there is no "=". */
function withValue(key: string, spelling: string, value: string | null, rest: string[]): string[] {
  const next = rest[0];
  // What looks like an option is one, but for negative numbers: as Python's argparse has it.
  const isValue =
    next !== undefined && (!next.startsWith("-") || next === "-" || /^-\d+(\.\d+)?$/.test(next));
  const given = value ?? (isValue ? rest.shift() : undefined);
  if (given === undefined) throw new UsageError(`${spelling}: a value must follow`);
  return [`--${key}=${given}`];
}

/** `-dv` is `-d -v`; only switches have short forms. */
function expandShort(argv: readonly string[]): string[] {
  const end = argv.indexOf("--");
  const options = end < 0 ? argv : argv.slice(0, end);
  return [
    ...options.flatMap((word) =>
      /^-[dvh]+$/.test(word) ? Array.from(word.slice(1), longForm) : [word],
    ),
    ...(end < 0 ? [] : argv.slice(end)),
  ];
}

function longForm(letter: string): string {
  return letter === "h" ? "--help" : `--${letter}`;
}

function optionValues({ program, occurrences }: Words): CommandLineValue[] {
  const options: ParseArgsOptionsConfig = {};
  for (const { meaning } of occurrences) {
    if (meaning.switchTo === null) options[meaning.key] = { type: "string", multiple: true };
  }
  const parsed: Readonly<Record<string, unknown>> = parseArgs({ args: program, options }).values;
  const used = new Map<string, number>();
  return occurrences.map(({ meaning: { key, group, name, switchTo }, spelling }) => {
    if (switchTo !== null) return { group, name, text: switchTo, spelling };
    const index = used.get(key) ?? 0;
    used.set(key, index + 1);
    return { group, name, text: textsOf(parsed[key])[index] ?? "", spelling };
  });
}

function commandArguments({ command, ownOfCommand, operands }: Words): CommandArguments {
  if (command === null) return {};
  const options: ParseArgsOptionsConfig = {};
  for (const [key, { type }] of Object.entries(command.options)) {
    options[key] = type === "flag" ? { type: "boolean" } : { type: "string", multiple: true };
  }
  const parsed: Readonly<Record<string, unknown>> = parseArgs({
    args: ownOfCommand,
    options,
  }).values;
  const given: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [key, { type, repeatable = false }] of Object.entries(command.options)) {
    const texts = textsOf(parsed[key]);
    const text = texts.at(-1);
    if (repeatable) {
      if (texts.length > 0) given[key] = texts;
    } else if (type === "flag") {
      if (parsed[key] !== undefined) given[key] = true;
    } else if (text !== undefined) {
      given[key] = type === "integer" ? wholeNumber(key, text) : text;
    }
  }
  command.operands?.forEach(({ name }, index) => {
    const operand = operands[index];
    if (operand !== undefined) given[name] = operand;
  });
  return given;
}

/** What there is for an option that takes a value. */
function textsOf(parsed: unknown): string[] {
  const values: unknown[] = Array.isArray(parsed) ? parsed : [];
  return values.filter((value) => typeof value === "string");
}

function wholeNumber(key: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new UsageError(
      `--${key}: found ${JSON.stringify(text.slice(0, 60))}, must be a whole number, 0 or more`,
    );
  }
  return Number(text);
}

function checkOperands({ command, operands, asked }: Words): void {
  if (asked !== null) return;
  const declared = command?.operands ?? [];
  const missing = declared.find(({ required }, index) => required && operands[index] === undefined);
  if (missing !== undefined)
    throw new UsageError(`${command?.name ?? ""}: ${missing.name.toUpperCase()} must follow`);
  if (operands.length > declared.length) {
    const where =
      command === null ? "it takes options only" : `"${command.name}" takes ${declared.length}`;
    throw new UsageError(`too many arguments: ${where}`);
  }
}

function findCommand(word: string, commands: readonly CommandDeclaration[]): CommandDeclaration {
  const command = commands.find(({ name }) => name === word);
  if (command !== undefined) return command;
  const names = commands.map(({ name }) => name);
  const nearest = nearestName(word, names);
  const hint = nearest === null ? `must be one of ${names.join(", ")}` : `did you mean ${nearest}?`;
  // A token that stands where the command should is not repeated.
  const shown = /^[a-z-]{1,30}$/i.test(word) ? ` ${JSON.stringify(word)}` : "";
  throw new UsageError(`unknown command${shown}; ${hint}`);
}

function refuseValue(spelling: string, value: string | null): void {
  if (value !== null) throw new UsageError(`${spelling}: takes no value`);
}

function isForm(word: string | undefined): word is "ini" | "json" {
  return word === "ini" || word === "json";
}

function readForm(word: string | undefined): "ini" | "json" {
  if (isForm(word)) return word;
  throw new UsageError(
    `--print-config: found ${JSON.stringify(word?.slice(0, 30))}, must be ini or json`,
  );
}

async function helpText(
  request: CommandLineRequest,
  command: CommandDeclaration | null,
): Promise<string> {
  // Laying out a help takes longer to load than all that a start needs: only who asks for one waits for it.
  const { createCommandParser, createProgramParser } = await import("./command-line-help.ts");
  const parser =
    command === null ? createProgramParser(request) : createCommandParser(request, command);
  return parser.getHelp();
}
