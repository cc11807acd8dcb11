/** An option as messages name it: `[group] option`. */
const OPTION = /\[(\w+)\] (\w+)/g;

/**
 * Adds to a message where the options that it names were set, so that nobody has to search several
 * files for the line to change. What has its default is not mentioned.
 *
 * @param sources - by `group.option`, as `loadConfig` gives them
 */
export function withSources(message: string, sources: Readonly<Record<string, string>>): string {
  const named = [...message.matchAll(OPTION)].map(([, group = "", option = ""]) => ({
    option,
    source: sources[`${group}.${option}`] ?? "default",
  }));
  const found = new Set(
    named.flatMap(({ option, source }) => (source === "default" ? [] : [`${option}: ${source}`])),
  );
  return found.size === 0 ? message : `${message} (${[...found].join("; ")})`;
}
