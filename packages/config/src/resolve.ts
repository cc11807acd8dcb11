import { InvalidValueError } from "./errors.ts";
import { interpolate, interpolatedText } from "./interpolate.ts";
import {
  isMachineDefault,
  type Machine,
  type OlderOption,
  type Option,
  type OptionGroups,
  type OptionName,
} from "./option.ts";
import type { ConfigValue } from "./value-type.ts";

/** A text that was given to an option, and where. */
export interface GivenText {
  /** As {@link normalizeGroup} returns it. */
  readonly group: string;
  readonly name: string;
  readonly text: string;
  /** `/etc/nova/nova.conf:12` or `command line (--web)`. */
  readonly source: string;
}

/** What is known about one option after everything was read. */
export interface ResolvedOption {
  readonly group: string;
  readonly name: string;
  readonly option: Option;
  /** Null if nothing was given and there is no default, for an empty number, and where `problem` is set. */
  readonly value: ConfigValue;
  /** What gave the value, null for the default. */
  readonly given: GivenText | null;
  /** Older options that the value was made of, in the order of their declaration; empty where it was written itself. */
  readonly madeOf: readonly GivenText[];
  /** Why the value is wrong, with no part of a secret in it; null if it is not. */
  readonly problem: string | null;
}

/** Longest value after interpolation, in UTF-16 units: references to references can grow without end. */
const MAX_VALUE_LENGTH = 65_536;
/** Longest chain of references. */
const MAX_DEPTH = 32;

/**
 * Finds the effective value of every declared option.
 *
 * @param layers - files and options of the command line in the order in which they are read; a later one wins
 * @returns in the order of the declarations
 * @see oslo_config/cfg.py, ConfigOpts._do_get
 */
export function resolveOptions(
  groups: OptionGroups,
  layers: readonly (readonly GivenText[])[],
  machine: Machine,
): ResolvedOption[] {
  const resolver = new Resolver(groups, layers, machine);
  return Object.entries(groups).flatMap(([group, options]) =>
    Object.entries(options).map(([name, option]) => resolver.resolve(group, name, option)),
  );
}

/** Group names do not tell case, but for DEFAULT, which is written so. */
export function normalizeGroup(group: string): string {
  return group === "DEFAULT" ? group : group.toLowerCase();
}

/** Stops an interpolation; becomes a {@link ResolvedOption.problem}. */
class ReferenceProblem extends Error {
  override readonly name = "ReferenceProblem";
  /** What to say when the text itself is a secret. */
  readonly discreet =
    "refers by $ to an option whose value can't be had (write $$ for a dollar sign)";
}

class Resolver {
  readonly #groups: OptionGroups;
  readonly #layers: readonly ReadonlyMap<string, readonly GivenText[]>[];
  readonly #givenGroups: ReadonlySet<string>;
  readonly #machine: Machine;
  readonly #resolved = new Map<string, ResolvedOption>();
  /** What is being resolved, outermost first. */
  readonly #pending: string[] = [];

  constructor(groups: OptionGroups, layers: readonly (readonly GivenText[])[], machine: Machine) {
    this.#groups = groups;
    this.#layers = layers.map((layer) => indexByName(layer));
    this.#givenGroups = new Set(layers.flatMap((layer) => layer.map(({ group }) => group)));
    this.#machine = machine;
  }

  resolve(group: string, name: string, option: Option): ResolvedOption {
    const key = keyOf(group, name);
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const resolved = this.#evaluate(group, name, option);
    this.#resolved.set(key, resolved);
    return resolved;
  }

  #evaluate(group: string, name: string, option: Option): ResolvedOption {
    const given = this.#given([{ group, name }, ...option.deprecated], option.repeatable);
    const older = (given.at(-1)?.text ?? "") === "" ? this.#writtenOlder(option) : [];
    if (older.length > 0) return this.#compose(group, name, option, older);
    const facts = { group, name, option, given: given.at(-1) ?? null, madeOf: [] };
    try {
      const value =
        given.length > 0
          ? this.#parse(group, name, option, given)
          : this.#defaultOf(group, name, option);
      return { ...facts, value, problem: null };
    } catch (error) {
      if (error instanceof ReferenceProblem) {
        return { ...facts, value: null, problem: option.secret ? error.discreet : error.message };
      }
      if (error instanceof InvalidValueError) {
        const found = given.at(-1)?.text ?? "the default";
        const problem = option.secret ? error.message : `found ${excerpt(found)}, ${error.message}`;
        return { ...facts, value: null, problem };
      }
      throw error;
    }
  }

  /** Which of the options that `option` has replaced were written. */
  #writtenOlder({ replaces }: Option): GivenText[] {
    return Object.values(replaces?.options ?? {}).flatMap(({ names }) => this.#given(names, false));
  }

  #compose(
    group: string,
    name: string,
    option: Option,
    madeOf: readonly GivenText[],
  ): ResolvedOption {
    const facts = { group, name, option, given: madeOf[0] ?? null, madeOf };
    const values: Record<string, ConfigValue> = {};
    for (const [key, older] of Object.entries(option.replaces?.options ?? {})) {
      const { given, value, problem } = this.#olderValue(older);
      if (problem !== null) return { ...facts, given, value: null, problem };
      values[key] = value;
    }
    const text = option.replaces?.compose(values) ?? "";
    return { ...facts, value: option.type.parse(text), problem: null };
  }

  #olderValue(older: OlderOption): Pick<ResolvedOption, "given" | "value" | "problem"> {
    const given = this.#given(older.names, false).at(-1) ?? null;
    if (given === null) return { given, value: older.default, problem: null };
    try {
      const text = this.#interpolate(given.group, given.name, given.text);
      return { given, value: older.type.parse(text) ?? older.default, problem: null };
    } catch (error) {
      if (!(error instanceof ReferenceProblem || error instanceof InvalidValueError)) throw error;
      // Not the text itself, which may be a password.
      const reason = error instanceof ReferenceProblem ? error.discreet : error.message;
      return { given, value: null, problem: `[${given.group}] ${given.name} ${reason}` };
    }
  }

  /** An older option that is declared, for references to it: its default counts where it was not written. */
  #findOlder(groups: readonly string[], name: string): OlderOption | undefined {
    return Object.values(this.#groups)
      .flatMap((options) => Object.values(options))
      .flatMap(({ replaces }) => Object.values(replaces?.options ?? {}))
      .find(({ names }) =>
        names.some((older) => older.name === name && groups.includes(older.group)),
      );
  }

  /** The texts for an option: the last one, or all of them in their order if they add up. */
  #given(names: readonly OptionName[], repeatable: boolean): readonly GivenText[] {
    const keys = names.map(({ group, name }) => keyOf(normalizeGroup(group), name));
    if (repeatable) {
      // Within one file, what stands under an older name comes first, as in oslo.config.
      return this.#layers.flatMap((layer) =>
        keys.toReversed().flatMap((key) => layer.get(key) ?? []),
      );
    }
    for (const layer of this.#layers.toReversed()) {
      const found = keys.map((key) => layer.get(key)?.at(-1)).find((text) => text !== undefined);
      if (found !== undefined) return [found];
    }
    return [];
  }

  #parse(group: string, name: string, option: Option, given: readonly GivenText[]): ConfigValue {
    const values = given.map(({ text }) => option.type.parse(this.#interpolate(group, name, text)));
    return option.repeatable ? values : (values.at(-1) ?? null);
  }

  #defaultOf(group: string, name: string, option: Option): ConfigValue {
    if (isMachineDefault(option.default)) return this.#machine[option.default.machine];
    if (typeof option.default !== "string") return option.default;
    return option.type.parse(this.#interpolate(group, name, option.default));
  }

  #interpolate(group: string, name: string, text: string): string {
    if (!text.includes("$")) return text;
    const key = keyOf(group, name);
    if (this.#pending.includes(key)) throw new ReferenceProblem("refers by $ to itself");
    if (this.#pending.length >= MAX_DEPTH) {
      throw new ReferenceProblem(`refers by $ through more than ${MAX_DEPTH} options`);
    }
    this.#pending.push(key);
    try {
      const result = interpolate(text, (reference) => this.#lookUp(reference, group));
      if (result.length > MAX_VALUE_LENGTH) {
        throw new ReferenceProblem(
          `is longer than ${MAX_VALUE_LENGTH} characters after interpolation`,
        );
      }
      return result;
    } finally {
      this.#pending.pop();
    }
  }

  /** @param ownGroup - where a name without a group is looked for before DEFAULT */
  #lookUp(reference: string, ownGroup: string): string {
    const dot = reference.indexOf(".");
    const name = reference.slice(dot + 1);
    const groups = dot < 0 ? [ownGroup, "DEFAULT"] : [reference.slice(0, dot)];
    if (dot >= 0 && !this.#hasGroup(groups[0] ?? "")) {
      throw new ReferenceProblem(
        `refers to $${reference}, but there is no group "${groups.join("")}"` +
          (groups[0] === "DEFAULT" ? ` to refer to by name: write $${name}` : hintDollar()),
      );
    }
    const declared = groups
      .map((group) => ({ group, option: ownValue(ownValue(this.#groups, group) ?? {}, name) }))
      .find(({ option }) => option !== undefined);
    if (declared?.option !== undefined) {
      return this.#textOf(reference, this.resolve(declared.group, name, declared.option));
    }
    const older = this.#findOlder(groups, name);
    if (older !== undefined) {
      const { value, problem } = this.#olderValue(older);
      if (problem !== null)
        throw new ReferenceProblem(`refers to $${reference}, whose value is wrong`);
      return interpolatedText(value);
    }
    // An option of nova that this program does not read: what the file says, as it says it.
    for (const group of groups) {
      const given = this.#given([{ group, name }], false).at(-1);
      if (given !== undefined) return this.#interpolate(group, name, given.text);
    }
    throw new ReferenceProblem(`refers to $${reference}, which is not set anywhere${hintDollar()}`);
  }

  #textOf(reference: string, { value, problem }: ResolvedOption): string {
    if (problem !== null)
      throw new ReferenceProblem(`refers to $${reference}, whose value is wrong`);
    return interpolatedText(value);
  }

  /** DEFAULT is no group to oslo.config's references. */
  #hasGroup(group: string): boolean {
    return (
      group !== "DEFAULT" && (Object.hasOwn(this.#groups, group) || this.#givenGroups.has(group))
    );
  }
}

function indexByName(layer: readonly GivenText[]): ReadonlyMap<string, readonly GivenText[]> {
  const index = new Map<string, GivenText[]>();
  for (const given of layer) {
    const key = keyOf(given.group, given.name);
    const same = index.get(key);
    if (same === undefined) index.set(key, [given]);
    else same.push(given);
  }
  return index;
}

/** A property, but none that every object inherits: the name comes from a file. */
function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function hintDollar(): string {
  return " (write $$ for a dollar sign)";
}

function keyOf(group: string, name: string): string {
  return `${group}\n${name}`;
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
