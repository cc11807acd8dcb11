import { defaultOf, optionGroups, type Option } from "@nova-console/config";
import { item, marked, paragraph, plain, type Block, type ManualPage } from "./manual-page.ts";

/** Makes the page of every option that stands in nova.conf. */
export function confPage(): ManualPage {
  return {
    name: "nova-console.conf",
    section: 5,
    purpose: "options of nova.conf that the console programs read",
    sections: [
      { title: "SYNOPSIS", blocks: [paragraph("`/etc/nova/nova.conf`")] },
      { title: "DESCRIPTION", blocks: description },
      ...Object.entries(optionGroups).map(([group, options]) => ({
        title: `[${group}]`,
        blocks: Object.entries(options).map(([name, option]) => optionBlock(name, option)),
      })),
      { title: "FILES", blocks: files },
      {
        title: "SEE ALSO",
        blocks: [paragraph("`nova-novncproxy`(8), `nova-xvpvncproxy`(8), `nova-consoleauth`(8)")],
      },
    ],
  };
}

const description: readonly Block[] = [
  paragraph(
    "`nova-novncproxy`(8), `nova-xvpvncproxy`(8) and `nova-consoleauth`(8) read the nova.conf of OpenStack Compute. " +
      "Options that are not listed here are passed over. Those of [console_proxy] are unknown to nova itself.",
  ),
  paragraph(
    "Files are read as oslo.config reads them: {name} `=` {value} below `[`{group}`]`; comments with `#` or `;` at the " +
      "start of a line; a line that starts with white space goes on with the value above it; the last of repeated " +
      "names counts; `$`{name} or `${`{group}`.`{name}`}` stands for another option's value, `$$` for a dollar sign.",
  ),
  paragraph(
    "A wrong value stops the start with exit status 2 and one line per value that names file, line, group, option and " +
      "what is allowed. Older names go on working, with a warning.",
  ),
  paragraph("`--print-config` prints the values in effect and where each comes from."),
];

const files: readonly Block[] = [
  paragraph("Without `--config-file` these are read; a later one wins:"),
  item(
    "`/usr/share/nova/nova-dist.conf`, `/usr/share/nova/`{PROGRAM}`-dist.conf`",
    "Defaults of the distribution.",
  ),
  item("`nova.conf`", "The first one of `~/.nova`, `~`, `/etc/nova` and `/etc`."),
  item("{PROGRAM}`.conf`", "The first one of the same places."),
  item(
    "`nova.conf.d`, {PROGRAM}`.conf.d`",
    "The *.conf files of the first of each in the same places, by name.",
  ),
  item("those of `--config-dir`", "Read last, by name."),
];

function optionBlock(name: string, option: Option): Block {
  const { text, isValue } = defaultOf(option);
  const value = isValue ? `Default: \`${text}\`.` : `Default: ${text}.`;
  const repeated = option.repeatable ? ", may be given more than once" : "";
  const older = option.deprecated.map((names) => `\`[${names.group}] ${names.name}\``);
  const facts = [
    `Must be: ${option.type.allowed}${repeated}.`,
    isValue && text === "" ? "Default: empty." : value,
    ...(older.length === 0 ? [] : [`Older names: ${older.join(", ")}.`]),
    ...(option.secret ? ["Its password is never shown."] : []),
  ];
  return {
    kind: "item",
    term: [{ face: "bold", text: name }],
    body: [plain(option.help.trim()), marked(facts.join(" "))],
  };
}
