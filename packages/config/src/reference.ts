import { defaultOf } from "./default-of.ts";
import type { Option, OptionGroups } from "./option.ts";

/**
 * Renders the reference of all options as Markdown.
 *
 * @returns the whole of docs/configuration.md
 */
export function renderReference(groups: OptionGroups): string {
  const sections = Object.entries(groups).map(([group, options]) => {
    const entries = Object.entries(options).map(([name, option]) =>
      renderOption(group, name, option),
    );
    return `## [${group}]\n\n${entries.join("\n")}`;
  });
  return `${INTRODUCTION}\n${sections.join("\n")}`;
}

const INTRODUCTION = `# Configuration

Every option can stand in a config file (\`nova.conf\`) below its group, and on the command line as \`--GROUP-name\`
(\`--name\` for the group DEFAULT; a switch is turned off by \`--GROUP-noname\`). \`--print-config\` prints the values in
effect and where each comes from. This page is made from the declarations of the options: change those, then run
\`npm run docs\` in \`packages/config\`.

Config files are read as oslo.config reads them: \`name = value\` below \`[group]\`, comments with \`#\` or \`;\` at the start
of a line, a line that starts with white space goes on with the value above it, the last of repeated names counts, and
\`$name\` or \`\${group.name}\` stands for another option's value (\`$$\` for a dollar sign).

Without \`--config-file\` these are read, a later one wins: \`/usr/share/nova/nova-dist.conf\`,
\`/usr/share/nova/PROGRAM-dist.conf\`, the first \`nova.conf\` of \`~/.nova\`, \`~\`, \`/etc/nova\` and \`/etc\`, the first
\`PROGRAM.conf\` of these, the \`*.conf\` files in the first \`nova.conf.d\` and the first \`PROGRAM.conf.d\` of these, and
those of \`--config-dir\`.

A wrong value stops the start with exit status 2 and one line per value that names file, line, group, option and what is
allowed. Older names go on working, with a warning.
`;

function renderOption(group: string, name: string, option: Option): string {
  const older = option.deprecated.map((names) => `\`[${names.group}] ${names.name}\``);
  const replaced = Object.values(option.replaces?.options ?? {})
    .flatMap(({ names }) => names)
    .map((names) => `\`[${names.group}] ${names.name}\``);
  const facts = [
    `- Must be: ${option.type.allowed}${option.repeatable ? "; may be given more than once" : ""}`,
    `- Default: ${describeDefault(option)}`,
    ...(older.length === 0 ? [] : [`- Older names: ${older.join(", ")}`]),
    ...(replaced.length === 0
      ? []
      : [`- Older options that it has replaced: ${replaced.join(", ")}`]),
    ...(option.secret ? ["- Secret: its password is never shown"] : []),
  ];
  return `### ${group === "DEFAULT" ? "" : `${group}.`}${name}\n\n${paragraph(option.help)}\n\n${facts.join("\n")}\n`;
}

function describeDefault(option: Option): string {
  const { text, isValue } = defaultOf(option);
  return isValue ? `\`${text}\`` : text;
}

function paragraph(text: string): string {
  return text.trim().replace(/\s+/g, " ").replace(/[*_<]/g, "\\$&");
}
