import { nearestName } from "./nearest-name.ts";
import type { OptionGroups } from "./option.ts";
import { normalizeGroup, type GivenText } from "./resolve.ts";

/** Groups in which every name is known, so that another one is a mistake. */
const KNOWN_GROUPS = ["vnc", "console", "consoleauth", "console_proxy"];

/** Options that some release of nova reads in these groups and this program does not. */
const NOVA_ONLY = new Map([["vnc", ["keymap"]]]);

/**
 * Warns of options that nobody reads, in the groups where that can be told, and of groups that are almost one of those.
 *
 * @param given - from files, `group` as written there
 */
export function warnOfUnknownOptions(groups: OptionGroups, given: readonly GivenText[]): string[] {
  const warnings = new Set<string>();
  for (const { group: written, name, source } of given) {
    const group = normalizeGroup(written);
    if (!KNOWN_GROUPS.includes(group)) {
      const meant = meantGroup(written, groups);
      if (meant !== null) {
        warnings.add(
          `${source}: [${written}] ${name} is not read: the group's name must be [${meant}]`,
        );
      }
      continue;
    }
    const names = knownNames(groups, group);
    if (names.has(name)) continue;
    const nearest = nearestName(name, names);
    const hint = nearest === null ? "" : `; did you mean ${nearest}?`;
    warnings.add(`${source}: [${group}] ${name} is not an option${hint}`);
  }
  return [...warnings];
}

/** Names of a group: its options, the older names that stand in it, and nova's own. */
function knownNames(groups: OptionGroups, group: string): Set<string> {
  const older = Object.values(groups)
    .flatMap((options) => Object.values(options))
    .flatMap(({ deprecated }) => deprecated)
    .filter((name) => normalizeGroup(name.group) === group);
  return new Set([
    ...Object.keys(groups[group] ?? {}),
    ...older.map(({ name }) => name),
    ...(NOVA_ONLY.get(group) ?? []),
  ]);
}

/** `[ vnc ]`, `[vnc]]` and `[default]` are groups of their own to oslo.config, never meant so. */
function meantGroup(written: string, groups: OptionGroups): string | null {
  const bare = written.replace(/[[\]\s]/g, "").toLowerCase();
  const meant = Object.keys(groups).find((group) => group.toLowerCase() === bare);
  return meant === undefined || meant === normalizeGroup(written) ? null : meant;
}
