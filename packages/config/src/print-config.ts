import { maskSecret } from "./mask-secret.ts";
import type { LoadedConfig } from "./load-config.ts";
import type { Option, OptionGroups } from "./option.ts";
import { isList, type ConfigValue } from "./value-type.ts";

/**
 * Prints the effective values and where each comes from, secrets masked.
 *
 * @param form - `json`: `{"values": {group: {option: value}}, "sources": {"group.option": "file:line"}}`; `ini`: a
 *   config file, the source in a comment above each value
 * @returns ends with a newline
 */
export function printConfig(loaded: LoadedConfig<OptionGroups>, form: "ini" | "json"): string {
  const groups = Object.entries(loaded.groups).map(([group, options]) => ({
    group,
    entries: Object.entries(options).map(([name, option]) => ({
      name,
      value: shownValue(option, loaded.values[group]?.[name] ?? null),
      source: loaded.sources[`${group}.${name}`] ?? "default",
    })),
  }));
  if (form === "json") {
    const values = Object.fromEntries(
      groups.map(({ group, entries }) => [
        group,
        Object.fromEntries(entries.map(({ name, value }) => [name, value])),
      ]),
    );
    return `${JSON.stringify({ values, sources: loaded.sources }, null, 2)}\n`;
  }
  return groups
    .map(({ group, entries }) => {
      const lines = entries.flatMap(({ name, value, source }) => [
        `# ${source}`,
        ...iniLines(name, value),
      ]);
      return `[${group}]\n${lines.join("\n")}\n`;
    })
    .join("\n");
}

function shownValue(option: Option, value: ConfigValue): ConfigValue {
  if (!option.secret || value === null) return value;
  return typeof value === "string" ? maskSecret(value) : "***";
}

/** Reads back as the same value, but for masked ones; what is not set is a comment. */
function iniLines(name: string, value: ConfigValue): string[] {
  if (value === null) return [`# ${name} =`];
  const text = isList(value) ? value.map((item) => iniText(item)).join(",") : iniText(value);
  return [`${name} = ${text}`.trimEnd()];
}

function iniText(value: ConfigValue): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const escaped = text.replaceAll("$", "$$$$").replaceAll("\n", "\n  ");
  // Outer white space and outer quotes would be lost.
  return /^["'\s]|["'\s]$/.test(escaped) ? `"${escaped}"` : escaped;
}
