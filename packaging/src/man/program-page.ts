import { defaultOf, optionGroups, type Option } from "@nova-console/config";
import { optionKey, type CommandDeclaration } from "@nova-console/service";
import {
  item,
  marked,
  paragraph,
  plain,
  type Block,
  type ManualPage,
  type Section,
  type Span,
  type Text,
} from "./manual-page.ts";

/** What a program declares of itself; `ProgramDeclaration` of `@nova-console/service`, for any name. */
interface DeclaredProgram {
  readonly program: string;
  readonly summary: string;
  readonly commands?: readonly CommandDeclaration[];
}

/** A page about a program: its declaration, and what that does not tell. */
export interface ProgramManual {
  readonly declaration: DeclaredProgram;
  /** For apropos(1), which has one line: lower case, no full stop. */
  readonly purpose: string;
  /** Paragraphs after the summary, {@link marked}. */
  readonly description: readonly string[];
  /**
   * Options of nova.conf that people write on its command line, as `group.name`; the rest is in nova-console.conf(5).
   * null: the program reads no nova.conf.
   */
  readonly options: readonly string[] | null;
  readonly examples?: readonly Block[];
  readonly files: readonly Block[];
  readonly signals: readonly Block[];
  readonly exitStatus: readonly Block[];
  readonly environment: readonly Block[];
  /** `nova-novncproxy(8)` and the like. */
  readonly seeAlso: readonly string[];
}

const commonOptions = [
  item(
    "`--print-config` [`ini`|`json`]",
    "Print the effective values and the file and line that each comes from, and exit. Secrets are masked.",
  ),
  item("`--help`", "Print all options, or with a command that command's, and exit."),
  item("`--version`", "Print the version, and exit."),
];

/** Makes the page of a program. */
export function programPage(manual: ProgramManual): ManualPage {
  const { declaration, description, options, examples = [] } = manual;
  const { program, summary, commands = [] } = declaration;
  const sections: Section[] = [
    { title: "SYNOPSIS", blocks: synopsis(declaration, options !== null) },
    {
      title: "DESCRIPTION",
      blocks: [{ kind: "paragraph", text: plain(summary) }, ...description.map(paragraph)],
    },
    { title: "OPTIONS", blocks: options === null ? commonOptions.slice(1) : optionBlocks(options) },
    { title: "COMMANDS", blocks: commands.flatMap(commandBlocks) },
    { title: "EXAMPLES", blocks: examples },
    { title: "FILES", blocks: manual.files },
    { title: "SIGNALS", blocks: manual.signals },
    { title: "EXIT STATUS", blocks: manual.exitStatus },
    { title: "ENVIRONMENT", blocks: manual.environment },
    { title: "SEE ALSO", blocks: [{ kind: "paragraph", text: references(manual.seeAlso) }] },
  ];
  return {
    name: program,
    section: 8,
    purpose: manual.purpose,
    sections: sections.filter(({ blocks }) => blocks.length > 0),
  };
}

function synopsis({ program, commands = [] }: DeclaredProgram, serves: boolean): Block[] {
  const alone: Block = paragraph(`\`${program}\` [{OPTION}]...`);
  const withCommands = commands.map((command): Block => ({
    kind: "paragraph",
    text: [{ face: "bold", text: program }, { face: "roman", text: " " }, ...usageText(command)],
  }));
  return serves ? [alone, ...withCommands] : withCommands;
}

function optionBlocks(names: readonly string[]): Block[] {
  return [
    paragraph(
      "The ones that are mostly given on the command line follow. Every other option of " +
        "`nova-console.conf`(5) may be given there as well, as `--`{GROUP}`-`{NAME}. " +
        "A `-` does for a `_`, the start of a name for all of it if no other starts so, and " +
        "`--no`{NAME} turns a switch off.",
    ),
    ...names.map(optionBlock),
    ...commonOptions,
  ];
}

function optionBlock(name: string): Block {
  const [group = "", key = ""] = name.split(".");
  const groups: Readonly<Record<string, Readonly<Record<string, Option>>>> = optionGroups;
  const option = groups[group]?.[key];
  if (option === undefined) throw new Error(`${name} is not declared`);
  const { placeholder } = option.type;
  const value: Text = placeholder === null ? [] : marked(` {${placeholder}}`);
  const short: Text = option.short === null ? [] : marked(`\`-${option.short}\`, `);
  const { text, isValue } = defaultOf(option);
  const isWorthIt = isValue && text !== "false" && text !== "";
  return {
    kind: "item",
    term: [...short, { face: "bold", text: `--${optionKey(group, key, option)}` }, ...value],
    body: [plain(option.help.trim() + (isWorthIt ? ` Default: ${text}.` : ""))],
  };
}

function commandBlocks(command: CommandDeclaration): Block[] {
  const operands = (command.operands ?? []).map(({ name, help }) =>
    item(`{${name.toUpperCase()}}`, help),
  );
  const options = Object.entries(command.options).map(([name, { placeholder, help }]) =>
    item(`\`--${name}\`${placeholder === undefined ? "" : ` {${placeholder}}`}`, help),
  );
  return [
    { kind: "heading", title: command.name },
    { kind: "paragraph", text: usageText(command) },
    { kind: "paragraph", text: plain(command.summary) },
    ...operands,
    ...options,
  ];
}

/** Words in capitals stand for something, brackets and bars say how the rest goes together. */
function usageText({ usage }: CommandDeclaration): Text {
  return usage
    .split(/([A-Z][A-Z_.]+|[a-z-]+)/)
    .filter((part) => part !== "")
    .map((text): Span => {
      if (/^[A-Z]/.test(text)) return { face: "italic", text };
      return /^[a-z-]/.test(text) ? { face: "bold", text } : { face: "roman", text };
    });
}

function references(pages: readonly string[]): Text {
  return marked(pages.map((page) => page.replace(/^(.*)(\(\d\))$/, "`$1`$2")).join(", "));
}
