/** What a nova.conf says: group, then option, then value. */
export type NovaConf = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** Writes one as a file's text. */
export function encodeNovaConf(conf: NovaConf): string {
  return Object.entries(conf)
    .map(([group, options]) => {
      const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}\n`);
      return `[${group}]\n${lines.join("")}`;
    })
    .join("\n");
}

/** Adds what `more` says to `base`, option by option; `more` wins. */
export function mergeNovaConf(base: NovaConf, more: NovaConf): NovaConf {
  const groups = new Set([...Object.keys(base), ...Object.keys(more)]);
  return Object.fromEntries(
    [...groups].map((group) => [group, { ...base[group], ...more[group] }]),
  );
}
