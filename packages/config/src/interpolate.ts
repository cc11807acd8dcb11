import { isList, type ConfigValue } from "./value-type.ts";

const REFERENCE = /\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi;

/**
 * Replaces `$name`, `${name}`, `$group.name` and `${group.name}`. `$$` and `\$` become a dollar sign; a dollar sign that
 * starts none of these stays.
 *
 * @param lookUp - the text for a name as written (`vnc.novncproxy_port`)
 * @see oslo_config/cfg.py, ConfigOpts._substitute
 */
export function interpolate(text: string, lookUp: (reference: string) => string): string {
  return text
    .replaceAll("\\$", "$$$$")
    .replace(
      REFERENCE,
      (_match, dollar: string | undefined, bare: string | undefined, braced: string | undefined) =>
        dollar ?? lookUp(bare ?? braced ?? ""),
    );
}

/** A value as text for {@link interpolate}: as Python prints it, so that the result is nova's. */
export function interpolatedText(value: ConfigValue): string {
  if (value === null) return "";
  return typeof value === "string" ? value : pythonText(value);
}

function pythonText(value: ConfigValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return quoted(value);
  if (isList(value)) return `[${value.map((item) => pythonText(item)).join(", ")}]`;
  const pairs = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${pythonText(item)}`);
  return `{${pairs.join(", ")}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return (
    quote +
    text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`).replaceAll("\n", "\\n") +
    quote
  );
}
