import type { ConfigValue, ValueType } from "./value-type.ts";

/** Where an option stood in an older release: `[group] name`. */
export interface OptionName {
  readonly group: string;
  readonly name: string;
}

/** An option of older releases whose value is part of another one's today. */
export interface OlderOption {
  /** Most recent first. */
  readonly names: readonly OptionName[];
  readonly type: ValueType<ConfigValue>;
  readonly default: ConfigValue;
}

/** Several options of older releases that one option has replaced. */
export interface OlderOptions {
  /** By the name that {@link compose} knows each by. */
  readonly options: Readonly<Record<string, OlderOption>>;
  /**
   * Makes the text of the option that has replaced them. Called if at least one of them was written and that option was not.
   *
   * @param values - of all of them, defaults included
   */
  compose(values: Readonly<Record<string, ConfigValue>>): string;
}

/** What this machine is, for defaults that are not the same everywhere. */
export interface Machine {
  readonly hostName: string;
  /** IP address by which others reach it. */
  readonly primaryAddress: string;
  /** Processor cores that a program may use. */
  readonly cores: number;
}

/** A default that is a fact about the machine. */
export interface MachineDefault {
  readonly machine: keyof Machine;
}

/** One option, declared once: parsing, help, documentation and the type of its value come from this. */
export interface Option<T extends ConfigValue = ConfigValue> {
  /** A text may refer to other options (`$state_path/x`). */
  readonly default: T | MachineDefault;
  /** One or more sentences; the first one says what it is. */
  readonly help: string;
  readonly type: ValueType<ConfigValue>;
  /** Every assignment counts and the value is the list of them, oslo.config's `MultiOpt`. */
  readonly repeatable: boolean;
  /** Older names, most recent first. They work, with a warning. */
  readonly deprecated: readonly OptionName[];
  /** Options whose values together stand for this one where it is not set, or empty; null: none. */
  readonly replaces: OlderOptions | null;
  /** Never shown. */
  readonly secret: boolean;
  /** Name on the command line where nova declares it with dashes; null if it is the option's name. */
  readonly spelling: string | null;
  /** One letter for the command line. */
  readonly short: string | null;
  /** What to warn of if this value was given under the present name, as the end of a sentence that begins with the option; null: nothing. */
  readonly warning: (value: ConfigValue) => string | null;
}

/** What a declaration may say beside its type. */
export interface OptionSpec<D> {
  readonly default: D;
  readonly help: string;
  readonly deprecated?: readonly OptionName[];
  readonly replaces?: OlderOptions;
  readonly secret?: boolean;
  readonly spelling?: string;
  readonly short?: string;
  readonly warning?: (value: ConfigValue) => string | null;
}

/** Declares an option with one value; if it is given more than once the last one counts. */
export function option<T extends ConfigValue, const D extends T | null | MachineDefault>(
  type: ValueType<T>,
  spec: OptionSpec<D>,
): Option<T | Exclude<D, MachineDefault>>;
export function option(
  type: ValueType<ConfigValue>,
  spec: OptionSpec<ConfigValue | MachineDefault>,
): Option {
  return declare(type, spec, false);
}

/** Declares an option whose values add up. */
export function repeatableOption<T extends ConfigValue>(
  type: ValueType<T>,
  spec: OptionSpec<readonly T[]>,
): Option<readonly T[]>;
export function repeatableOption(
  type: ValueType<ConfigValue>,
  spec: OptionSpec<ConfigValue>,
): Option {
  return declare(type, spec, true);
}

/** Declares an {@link OlderOption}. */
export function olderOption<T extends ConfigValue>(
  names: readonly OptionName[],
  type: ValueType<T>,
  byDefault: T,
): OlderOption {
  return { names, type, default: byDefault };
}

/** Options of one group by name. */
export type OptionGroup = Readonly<Record<string, Option>>;

/** Groups by name. */
export type OptionGroups = Readonly<Record<string, OptionGroup>>;

/** The values of a group of declarations. */
export type ValuesOf<G extends OptionGroup> = {
  readonly [Name in keyof G]: G[Name] extends Option<infer T> ? T : never;
};

/** Tells a machine's default from a value. */
export function isMachineDefault(value: ConfigValue | MachineDefault): value is MachineDefault {
  return typeof value === "object" && value !== null && "machine" in value;
}

function declare(
  type: ValueType<ConfigValue>,
  spec: OptionSpec<ConfigValue | MachineDefault>,
  repeatable: boolean,
): Option {
  return {
    default: spec.default,
    help: spec.help,
    type,
    repeatable,
    deprecated: spec.deprecated ?? [],
    replaces: spec.replaces ?? null,
    secret: spec.secret ?? false,
    spelling: spec.spelling ?? null,
    short: spec.short ?? null,
    warning: spec.warning ?? (() => null),
  };
}
