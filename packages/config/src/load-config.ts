import { deepFreeze } from "./deep-freeze.ts";
import { InvalidOptionError } from "./errors.ts";
import { isMachineDefault, type Machine, type OptionGroups, type OptionName } from "./option.ts";
import { optionGroups, type ConfigOf } from "./option-groups.ts";
import { readConfig, type ReadRequest } from "./read-config.ts";
import { normalizeGroup, type ResolvedOption } from "./resolve.ts";
import { warnOfUnknownOptions } from "./unknown-options.ts";
import type { ConfigValue } from "./value-type.ts";

/** What to load, and for whom. */
export type ConfigRequest = ReadRequest & Machine;

/** Effective values, and where they come from. */
export interface LoadedConfig<G extends OptionGroups = typeof optionGroups> {
  readonly values: ConfigOf<G>;
  /** By `group.option`: `FILE:LINE`, `command line (--SPELLING)` or `default`. */
  readonly sources: Readonly<Record<string, string>>;
  /** By `group.option`: the name under which the value was given; absent for a default. */
  readonly givenNames: Readonly<Record<string, OptionName>>;
  /** One line each, for the log: older names, options that nobody reads, empty numbers. */
  readonly warnings: readonly string[];
  /** Config files that were read, in order. */
  readonly files: readonly string[];
  /** The declarations that the values are for. */
  readonly groups: G;
}

/**
 * Reads the config files and the command line, and finds the value of every option as oslo.config does.
 *
 * A later file wins over an earlier one, and so do the command line's options over what stands before them. Without
 * `--config-file` the files are found as RDO's nova finds them, see {@link findDefaultFiles}.
 *
 * @param groups - the declarations
 * @throws {@link ConfigFileError} if a file that was named can't be read
 * @throws {@link ConfigParseError} if a file is not of the form of a config file
 * @throws {@link InvalidOptionError} if values are wrong; all of them are named
 */
export function loadConfig(request: ConfigRequest): LoadedConfig;
export function loadConfig<G extends OptionGroups>(
  request: ConfigRequest,
  groups: G,
): LoadedConfig<G>;
export function loadConfig(
  request: ConfigRequest,
  groups: OptionGroups = optionGroups,
): LoadedConfig<OptionGroups> {
  const { resolved, given, files } = readConfig(request, groups, request);
  const problems = resolved.flatMap(({ group, name, given: from, problem }) =>
    problem === null
      ? []
      : [{ group, option: name, source: from?.source ?? "default", text: problem }],
  );
  if (problems.length > 0) throw new InvalidOptionError(problems);

  const settled = resolved.map((entry) => ({ ...entry, value: fillEmptyNumber(entry, request) }));
  const values = Object.fromEntries(
    Object.keys(groups).map((group) => [
      group,
      Object.fromEntries(
        settled.filter((entry) => entry.group === group).map(({ name, value }) => [name, value]),
      ),
    ]),
  );
  const sources: Record<string, string> = {};
  const givenNames: Record<string, OptionName> = {};
  for (const { group, name, given: from } of settled) {
    sources[`${group}.${name}`] = from?.source ?? "default";
    if (from !== null) givenNames[`${group}.${name}`] = { group: from.group, name: from.name };
  }
  const warnings = [...resolved.flatMap(warnOfUse), ...warnOfUnknownOptions(groups, given)];
  return { ...deepFreeze({ values, sources, givenNames, warnings, files }), groups };
}

/** To nova `novncproxy_port =` is no port at all, which it fails on later; the default is what was meant. */
function fillEmptyNumber({ value, option }: ResolvedOption, machine: Machine): ConfigValue {
  const { default: declared } = option;
  const number = isMachineDefault(declared) ? machine[declared.machine] : declared;
  return value === null && typeof number === "number" ? number : value;
}

function warnOfUse({ group, name, given, madeOf, value, option }: ResolvedOption): string[] {
  if (given === null) return [];
  if (madeOf.length > 0) {
    const names = madeOf.map((older) => `[${older.group}] ${older.name}`).join(", ");
    return [
      `${given.source}: ${names}: old options that are read as nova did: write [${group}] ${name}`,
    ];
  }
  const warnings: string[] = [];
  const isOldName = given.name !== name || given.group !== normalizeGroup(group);
  if (isOldName) {
    warnings.push(
      `${given.source}: [${given.group}] ${given.name} is an old name: write [${group}] ${name}`,
    );
  }
  const warning = isOldName ? null : option.warning(value);
  if (warning !== null) warnings.push(`${given.source}: [${group}] ${name} ${warning}`);
  if (value === null && typeof option.default === "number") {
    warnings.push(
      `${given.source}: [${group}] ${name} is empty: the default is used, ${option.default}`,
    );
  }
  return warnings;
}
