import type { CommandLineValue, OptionGroups } from "@nova-console/config";

/** An option of one command, such as `--instance` of `authorize`. */
export interface CommandOption {
  /** `flag` takes no value; `integer` must be a whole number, 0 or more. */
  readonly type: "string" | "integer" | "flag";
  readonly help: string;
  /** What stands for the value in help, such as `UUID`. */
  readonly placeholder?: string;
  /** It may be given more than once, and its value is the list of them; for `string` only. */
  readonly repeatable?: boolean;
}

/** One word that must or may follow a command, such as TOKEN of `check TOKEN`. */
export interface CommandOperand {
  readonly name: string;
  readonly help: string;
  readonly required: boolean;
}

/** A subcommand, such as `authorize` of nova-consoleauth. */
export interface CommandDeclaration {
  readonly name: string;
  /** How it is written, without the program: `authorize --instance UUID --host H --port P`. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** By name as written after `--`: `internal-access-path`. */
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly operands?: readonly CommandOperand[];
}

/**
 * What the user wrote after a command: options by their declared name (`internal-access-path`), operands by
 * theirs (`token`). What was not given is absent. Integers are checked and are numbers, flags are `true`, what is
 * repeatable is a list.
 */
export type CommandArguments = Readonly<
  Record<string, string | number | boolean | readonly string[]>
>;

/** What to parse, and against which declarations. */
export interface CommandLineRequest {
  readonly program: string;
  /** One line for the top of `--help`. */
  readonly summary: string;
  /** What `--version` prints, such as `0.1.0`. */
  readonly version: string;
  /** Without the interpreter and the script. */
  readonly argv: readonly string[];
  /** Every option of these can be given as `--GROUP-name` (`--name` for the group DEFAULT). */
  readonly optionGroups: OptionGroups;
  readonly commands?: readonly CommandDeclaration[];
  /** Name of the command that is meant when none is given: its options may then stand alone. */
  readonly defaultCommand?: string;
  /** Width of the help text; 100 if absent. */
  readonly columns?: number;
}

/** What the user asked for. */
export type ParsedCommandLine =
  | {
      /** Print `text` on stdout and exit 0: `--help`, `--version`. */
      readonly kind: "text";
      readonly text: string;
    }
  | {
      readonly kind: "run";
      /** Name of the subcommand; null when none was given. */
      readonly command: string | null;
      readonly commandArguments: CommandArguments;
      /** In the order of the command line, for `loadConfig`. */
      readonly values: readonly CommandLineValue[];
      /** Print the effective values in this form and exit 0; null when not asked for. */
      readonly printConfig: "ini" | "json" | null;
    };

/** The command line can't be understood: print `message` (one line) on stderr and exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "SERVICE_ERR_USAGE";
}
