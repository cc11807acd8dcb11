import { DoctorInputError } from "../errors.ts";
import { parseJson } from "../parse-json.ts";
import { marksOfNft, type SettableMarks } from "./marks.ts";
import { judgeStatements } from "./nft-rule.ts";
import type { NftSets } from "./nft-values.ts";
import { isList, isRecord, numberOf, textOf, type Json } from "./json.ts";
import { unknown, type Chain, type Packet, type Rule, type Ruleset } from "./model.ts";

interface NftChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook: string | null;
  readonly priority: number;
  readonly policy: "accept" | "drop" | null;
}

interface NftRule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly handle: number | null;
  readonly statements: readonly Json[];
}

/** What `nft -j list ruleset` prints, understood. */
export interface NftRuleset {
  readonly chains: readonly NftChain[];
  readonly rules: readonly NftRule[];
  /** By `family table name`. */
  readonly sets: ReadonlyMap<string, readonly Json[]>;
  /** Rules as people write them, by `family table handle`; empty if only the JSON is there. */
  readonly texts: ReadonlyMap<string, string>;
}

const HOOKS = ["ingress", "prerouting", "input"];

/**
 * Reads what `nft -j list ruleset` prints.
 *
 * @param source - for messages
 * @throws {@link DoctorInputError} if it is no such document
 * @see libnftables-json(5)
 */
export function parseNft(text: string, source: string): NftRuleset {
  const document = parseJson(text, source, "nft -j list ruleset");
  const objects = isRecord(document) ? document["nftables"] : undefined;
  if (objects === undefined || !isList(objects)) {
    throw new DoctorInputError(`${source}: has no list "nftables", as nft -j list ruleset prints`);
  }
  const chains: NftChain[] = [];
  const rules: NftRule[] = [];
  const sets = new Map<string, readonly Json[]>();
  for (const object of objects) {
    if (!isRecord(object)) continue;
    const { chain, rule, set, map } = object;
    if (isRecord(chain)) chains.push(chainOf(chain));
    if (isRecord(rule)) rules.push(ruleOf(rule));
    const elements = isRecord(set) ? set : map;
    if (isRecord(elements)) {
      const { elem } = elements;
      const key = `${textOf(elements["family"])} ${textOf(elements["table"])} ${textOf(elements["name"])}`;
      sets.set(key, elem !== undefined && isList(elem) ? elem : []);
    }
  }
  return { chains, rules, sets, texts: new Map() };
}

/** Finds the marks that these rules may set. @param shown - as {@link judgeNft} has it */
export function marksOfRuleset({ rules }: NftRuleset, shown: ReadonlySet<string>): SettableMarks {
  const own = rules.filter(({ family, table }) => !/^ip6?$/.test(family) || !shown.has(table));
  return marksOfNft(own.flatMap(({ statements }) => statements));
}

/**
 * @param marks - that rules may set, these and those of other layers
 * @param shown - tables that iptables-save has shown for this family, which are not asked again
 * @returns what becomes of `packet` by these rules
 */
export function judgeNft(
  ruleset: NftRuleset,
  packet: Packet,
  shown: ReadonlySet<string>,
  marks: SettableMarks = marksOfRuleset(ruleset, shown),
): Ruleset {
  const { chains, rules, sets, texts } = ruleset;
  const marked = { ...packet, marks };
  const families = ["netdev", "inet", packet.family === "ipv4" ? "ip" : "ip6"];
  const byTable = new Map<string, Map<string, Chain>>();
  const hooks: { chain: Chain; table: string; place: number; priority: number }[] = [];
  const rulesOf = new Map<string, NftRule[]>();
  for (const rule of rules) {
    const key = `${rule.family} ${rule.table} ${rule.chain}`;
    const before = rulesOf.get(key);
    if (before === undefined) rulesOf.set(key, [rule]);
    else before.push(rule);
  }
  for (const { family, table, name, hook, priority, policy } of chains) {
    if (!families.includes(family)) continue;
    if (/^ip6?$/.test(family) && shown.has(table)) continue;
    const key = `${family} ${table}`;
    const inTable = byTable.get(key) ?? new Map<string, Chain>();
    byTable.set(key, inTable);
    const find: NftSets = (set) => sets.get(`${key} ${set}`) ?? null;
    const own = (rulesOf.get(`${key} ${name}`) ?? []).map((rule): Rule => {
      const judged = judgeStatements(rule.statements, marked, find);
      const written = texts.get(`${key} ${rule.handle ?? "?"}`) ?? judged.text;
      return { ...judged, text: `${key} ${name}: ${written}`, line: null };
    });
    const chain = onDevice(
      { name: `${key} ${name}`, policy: hook === null ? null : (policy ?? "accept"), rules: own },
      family === "netdev" && hook !== null ? `which device table ${key} is for` : null,
    );
    inTable.set(name, chain);
    const place = HOOKS.indexOf(hook ?? "");
    if (place >= 0) hooks.push({ chain, table: key, place, priority });
  }
  hooks.sort((a, b) => a.place - b.place || a.priority - b.priority);
  const tables = new Map(hooks.map(({ chain, table }) => [chain, table]));
  return {
    hooks: hooks.map(({ chain }) => chain),
    chains: (hook) => byTable.get(tables.get(hook) ?? "") ?? new Map(),
  };
}

/** A chain of family netdev belongs to a device: for packets of others it is not there. */
function onDevice(chain: Chain, device: string | null): Chain {
  if (device === null) return chain;
  const rules = chain.rules.map((rule) => ({
    ...rule,
    answers: [...rule.answers, unknown(device)],
  }));
  const text = `the policy of ${chain.name}`;
  const last: Rule = {
    ...{ text, line: null, answers: [unknown(device)] },
    verdict: { kind: chain.policy === "drop" ? "drop" : "accept" },
  };
  return { ...chain, policy: "accept", rules: [...rules, last] };
}

/**
 * Reads what `nft -a list ruleset` prints, for messages.
 *
 * @returns rules by `family table handle`
 */
export function parseNftTexts(text: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  let table = "";
  for (const line of text.split("\n")) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    const rule = /^\t\t(.+) # handle (\d+)$/.exec(line);
    if (rule !== null) texts.set(`${table} ${rule[2] ?? ""}`, rule[1] ?? "");
  }
  return texts;
}

function chainOf(chain: Readonly<Record<string, Json>>): NftChain {
  const { family, table, name, hook, prio, policy } = chain;
  return {
    family: textOf(family),
    table: textOf(table),
    name: textOf(name),
    hook: hook === undefined ? null : textOf(hook),
    priority: numberOf(prio) ?? 0,
    policy: policy === "drop" ? "drop" : policy === "accept" ? "accept" : null,
  };
}

function ruleOf(rule: Readonly<Record<string, Json>>): NftRule {
  const { family, table, chain, handle, expr } = rule;
  return {
    family: textOf(family),
    table: textOf(table),
    chain: textOf(chain),
    handle: numberOf(handle),
    statements: expr !== undefined && isList(expr) ? expr : [],
  };
}
