import { byInterface, fromNetworks, invertIf, toNetworks } from "./addresses.ts";
import { isList, isRecord, textOf, type Json } from "./json.ts";
import { judgeMark, type SettableMarks } from "./marks.ts";
import { allOf, anyOf, unknown, type Answer, type Packet, type Verdict } from "./model.ts";
import { lookAt, type Looked } from "./nft-expression.ts";
import { flagsOf, isPort, networkOf, shorten, valuesOf, type NftSets } from "./nft-values.ts";

/** Statements that let a packet go on as it is. */
const PASSING: ReadonlySet<string> = new Set([
  ...["counter", "log", "mangle", "flow", "dup", "last", "secmark"],
  ...["ct helper", "ct timeout", "ct expectation"],
]);

/** A packet, and the marks that it may have when a rule is asked. */
export type NftPacket = Packet & { readonly marks: SettableMarks };

interface Judged {
  readonly text: string;
  readonly answers: readonly Answer[];
  readonly verdict: Verdict;
}

/** A rule's `expr`, asked about a packet. */
export function judgeStatements(
  statements: readonly Json[],
  packet: NftPacket,
  sets: NftSets,
): Judged {
  const answers: Answer[] = [];
  let verdict: Verdict = { kind: "continue" };
  for (const statement of statements) {
    if (!isRecord(statement)) continue;
    const [[name, value] = ["", null]] = Object.entries(statement);
    const decided = verdictOf(name, value);
    // What nobody can tell stays so, whatever stands behind it.
    if (decided !== null) verdict = verdict.kind === "unknown" ? verdict : decided;
    else if (name === "match") answers.push(judgeMatch(value, packet, sets));
    else if (name === "vmap") {
      const found = judgeMap(value, packet, sets);
      answers.push(...found.answers);
      verdict = found.verdict;
    } else if (name === "set" || name === "meter") answers.push(judgeSetStatement(name, value));
    else if (!PASSING.has(name)) answers.push(unknown(name));
  }
  return { text: JSON.stringify(statements).slice(0, 200), answers, verdict };
}

/** `add @set { ip saddr limit rate over ... }`: the rule ends there for packets that the limit does not fit. */
function judgeSetStatement(name: string, value: Json): Answer {
  const own = isRecord(value) ? value["stmt"] : undefined;
  const within = own === undefined ? [] : isList(own) ? own : [own];
  const passes = within.every(
    (each) => isRecord(each) && Object.keys(each).every((key) => PASSING.has(key)),
  );
  return passes ? "yes" : unknown(name);
}

function verdictOf(name: string, value: Json): Verdict | null {
  switch (name) {
    case "accept":
    case "drop":
    case "return":
    case "continue":
      return { kind: name };
    case "reject":
      return { kind: "drop" };
    case "jump":
    case "goto":
      return { kind: name, chain: isRecord(value) ? textOf(value["target"]) : "" };
    // "notrack": such a connection has neither of the states that a packet is asked with.
    case "queue":
    case "redirect":
    case "dnat":
    case "tproxy":
    case "synproxy":
    case "notrack":
      return { kind: "unknown", what: name };
    default:
      return null;
  }
}

function judgeMatch(match: Json, packet: NftPacket, sets: NftSets): Answer {
  if (!isRecord(match)) return unknown("match");
  const { op, left, right } = match;
  const looked = lookAt(left ?? null, packet);
  const operator = textOf(op);
  if (looked.kind === "unknown") return unknown(looked.what);
  if (!["==", "!=", "in", ""].includes(operator)) {
    return judgeOrder(operator, looked, right ?? null, packet);
  }
  const answer = judgeValue(looked, right ?? null, packet, sets);
  return invertIf(operator === "!=", answer);
}

/** `right` may be one value, a list, a set, a range, a prefix, or the name of a set. */
function judgeValue(looked: Looked, right: Json, packet: NftPacket, sets: NftSets): Answer {
  const values = valuesOf(right, sets);
  if (values === null) return unknown(`set ${shorten(right)}`);
  switch (looked.kind) {
    case "words":
      return anyOf(
        values.map((value): Answer => {
          if (typeof value === "object" && value !== null) return unknown(shorten(value));
          return looked.words.some((word) => word === value) ? "yes" : looked.others;
        }),
      );
    case "flags": {
      const wanted = flagsOf(right);
      return sameFlags(looked.flags, wanted) ? "yes" : "no";
    }
    case "mark":
      return anyOf(
        values.map((value): Answer => {
          const { mask, of } = looked;
          const what = `the mark of the ${of}`;
          if (typeof value !== "number") return unknown(what);
          return judgeMark({ value, mask }, of, packet.marks, what);
        }),
      );
    case "route":
      return anyOf(
        values.map((value): Answer => {
          if (value === false || value === 0) return "no";
          return value === true ? "yes" : unknown("fib");
        }),
      );
    case "concat":
      return anyOf(values.map((value) => judgeConcat(looked.parts, value, packet, sets)));
    case "port":
      return anyOf(values.map((value) => isPort(value, packet.port)));
    case "sport":
      return unknown("source port");
    case "source":
      return fromNetworks(values.map(networkOf), packet);
    case "destination":
      return toNetworks(values.map(networkOf), packet);
    case "interface":
      return anyOf(
        values.map((value) => byInterface(typeof value === "string" ? value : "?", packet)),
      );
    case "unknown":
      return unknown(looked.what);
  }
}

/** `iifname . tcp dport { "eth0" . 6080 }`: all parts have to fit. */
function judgeConcat(
  parts: readonly Looked[],
  value: Json,
  packet: NftPacket,
  sets: NftSets,
): Answer {
  const values = isRecord(value) ? value["concat"] : undefined;
  if (values === undefined || !isList(values) || values.length !== parts.length) {
    return unknown(shorten(value));
  }
  return allOf(parts.map((part, index) => judgeValue(part, values[index] ?? null, packet, sets)));
}

/** `tcp dport > 1024`, and the like. */
function judgeOrder(operator: string, looked: Looked, right: Json, { port }: Packet): Answer {
  if (looked.kind !== "port" || typeof right !== "number") return unknown(`operator ${operator}`);
  const holds: Record<string, boolean> = {
    "<": port < right,
    ">": port > right,
    "<=": port <= right,
    ">=": port >= right,
  };
  const answer = holds[operator];
  return answer === undefined ? unknown(`operator ${operator}`) : answer ? "yes" : "no";
}

function judgeMap(
  vmap: Json,
  packet: NftPacket,
  sets: NftSets,
): { readonly answers: readonly Answer[]; readonly verdict: Verdict } {
  const doubt = { answers: [unknown("vmap")], verdict: { kind: "unknown", what: "vmap" } } as const;
  if (!isRecord(vmap)) return doubt;
  const looked = lookAt(vmap["key"] ?? null, packet);
  const elements = valuesOf(vmap["data"] ?? null, sets);
  if (looked.kind === "unknown" || elements === null) return doubt;
  for (const element of elements) {
    if (!isList(element)) return doubt;
    const [key = null, does = null] = element;
    const answer = judgeValue(looked, key, packet, sets);
    if (answer === "no") continue;
    // A second element may fit others: only the plain case is told for sure.
    if (answer !== "yes" || !isRecord(does)) return doubt;
    const [[name, value] = ["", null]] = Object.entries(does);
    return { answers: [], verdict: verdictOf(name, value) ?? { kind: "unknown", what: "vmap" } };
  }
  return { answers: ["no"], verdict: { kind: "continue" } };
}

function sameFlags(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((flag) => others.includes(flag));
}
