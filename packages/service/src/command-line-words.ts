import { nearestName, type Option, type OptionGroups } from "@nova-console/config";

import { UsageError, type CommandDeclaration } from "./command-line-types.ts";

/** What a word such as `--vnc-novncproxy_port` stands for. */
export type WordMeaning =
  | {
      readonly kind: "option";
      /** The word that help shows, without the dashes in front. */
      readonly key: string;
      readonly group: string;
      readonly name: string;
      /** `true` or `false` for a switch; null if a value follows. */
      readonly switchTo: "true" | "false" | null;
    }
  | {
      readonly kind: "commandOption";
      readonly key: string;
      readonly takesValue: boolean;
    }
  | { readonly kind: "help" | "version" | "printConfig" };

/** Words by their form with "-" for every "_", without the dashes in front. */
export type Vocabulary = ReadonlyMap<string, WordMeaning>;

/** The words that every program knows beside its options. */
const COMMON_WORDS: [string, WordMeaning][] = [
  ["help", { kind: "help" }],
  ["version", { kind: "version" }],
  ["print-config", { kind: "printConfig" }],
];

/**
 * Makes the words for the declared options, as oslo.config does: `--name` for the group DEFAULT, `--group-name` for others,
 * older names likewise, and `--noname`, `--group-noname` to turn a switch off.
 *
 * @see oslo_config/cfg.py, Opt._add_to_cli
 */
export function optionWords(groups: OptionGroups): Vocabulary {
  const words = new Map<string, WordMeaning>();
  for (const [group, options] of Object.entries(groups)) {
    for (const [name, option] of Object.entries(options)) {
      addOption(words, group, name, option);
    }
  }
  for (const [word, meaning] of COMMON_WORDS) words.set(word, meaning);
  return words;
}

/** Makes the words of one command's own options. */
export function commandWords({ options }: CommandDeclaration): Vocabulary {
  return new Map(
    Object.entries(options).map(([key, { type }]) => [
      fold(key),
      { kind: "commandOption", key, takesValue: type !== "flag" },
    ]),
  );
}

/**
 * Finds what a word stands for: the word itself with "-" and "_" taken as one, or the only one that starts so.
 *
 * @param word - without the dashes in front and without "=value"
 * @param vocabularies - the ones looked at first in front
 * @throws {@link UsageError} if there is none, or several
 */
export function findMeaning(word: string, vocabularies: readonly Vocabulary[]): WordMeaning {
  for (const vocabulary of vocabularies) {
    const exact = vocabulary.get(fold(word));
    if (exact !== undefined) return exact;
  }
  for (const vocabulary of vocabularies) {
    const started =
      word === "" ? [] : [...vocabulary].filter(([known]) => known.startsWith(fold(word)));
    const keys = new Set(started.map(([known, meaning]) => shownWord(known, meaning)));
    const meaning = started[0]?.[1];
    if (meaning !== undefined && keys.size === 1) return meaning;
    if (keys.size > 1) {
      throw new UsageError(
        `--${word} could be ${[...keys].slice(0, 5).join(", ")}: write more of it`,
      );
    }
  }
  const nearest = nearestName(
    word,
    vocabularies.flatMap((vocabulary) => [...vocabulary.keys()]),
  );
  const meaning = vocabularies
    .map((vocabulary) => vocabulary.get(nearest ?? ""))
    .find((found) => found !== undefined);
  const hint =
    nearest === null || meaning === undefined
      ? ""
      : `; did you mean ${shownWord(nearest, meaning)}?`;
  throw new UsageError(`unknown option --${word.slice(0, 60)}${hint}`);
}

function addOption(
  words: Map<string, WordMeaning>,
  group: string,
  name: string,
  option: Option,
): void {
  const names = [
    { group, name: option.spelling ?? name },
    ...option.deprecated.map((older) => ({ group: older.group, name: older.name })),
  ];
  const isSwitch = option.type.placeholder === null;
  const key = optionKey(group, name, option);
  for (const { group: writtenGroup, name: writtenName } of names) {
    const prefix = writtenGroup === "DEFAULT" ? "" : `${writtenGroup}-`;
    words.set(fold(prefix + writtenName), {
      kind: "option",
      key,
      group,
      name,
      switchTo: isSwitch ? "true" : null,
    });
    if (isSwitch) {
      words.set(fold(`${prefix}no${writtenName}`), {
        kind: "option",
        key,
        group,
        name,
        switchTo: "false",
      });
    }
  }
  if (option.short !== null) {
    words.set(option.short, {
      kind: "option",
      key,
      group,
      name,
      switchTo: isSwitch ? "true" : null,
    });
  }
}

/** The word that help shows for an option, without the dashes in front. */
export function optionKey(group: string, name: string, option: Option): string {
  const word = option.spelling ?? name;
  return group === "DEFAULT" ? word : `${group}-${word}`;
}

function shownWord(known: string, meaning: WordMeaning): string {
  const isPlain =
    meaning.kind === "commandOption" || (meaning.kind === "option" && meaning.switchTo !== "false");
  return `--${isPlain ? meaning.key : known}`;
}

function fold(word: string): string {
  return word.replaceAll("_", "-");
}
