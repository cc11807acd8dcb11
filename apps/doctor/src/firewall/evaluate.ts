import { addConditions, describeConditions, type Conditions } from "./conditions.ts";
import type { Chain, Condition, Packet, Rule, Ruleset } from "./model.ts";

/** What becomes of a new connection to a port. */
export type Passage =
  | { readonly kind: "open"; readonly by: Decision; readonly except: readonly string[] }
  | {
      readonly kind: "restricted";
      readonly by: Decision;
      readonly hook: string;
      readonly from: readonly string[];
    }
  | {
      readonly kind: "blocked";
      readonly by: Decision;
      /** Chain of the kernel's hook in which it is decided. */
      readonly hook: string;
      /** Whether it is only the packets after the first one that do not get through. */
      readonly later: boolean;
      /** A rule that would let it through and is never asked, as it stands below. */
      readonly tooLate: Rule | null;
    }
  | { readonly kind: "unknown"; readonly why: string };

/** The rule that decides, or what else does. */
export interface Decision {
  readonly rule: Rule | null;
  /** Of the chain of the kernel's hook: the rule itself, or the jump that leads to it. */
  readonly via: Rule | null;
  /** What decides where no rule does: `the policy of INPUT`. */
  readonly otherwise: string;
}

type Outcome = "accept" | "drop";

/** What some connections get before the rest is decided. */
interface Exception {
  readonly conditions: Conditions;
  readonly outcome: Outcome | "unknown";
  readonly rule: Rule;
}

interface Walk {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly exceptions: Exception[];
  /** Rules asked so far: rulesets may be made to be walked forever. */
  asked: number;
}

/** Chains within chains: the kernel's own limit is 16 in nftables; iptables has none that matters. */
const MOST_JUMPS = 64;
const MOST_RULES_ASKED = 1_000_000;
/** Sources that a message names; the rest is counted. */
const MOST_NAMED = 10;

/** Why a walk was given up. */
class TooMuch {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/**
 * Asks the chains as the kernel does.
 *
 * @param judge - the rules, asked about a packet in this state
 * @returns what becomes of a connection: its first packet has to get through, and those that follow
 */
export function evaluate(judge: (state: Packet["state"]) => Ruleset): Passage {
  const first = evaluatePacket(judge("new"));
  if (first.kind === "blocked" || first.kind === "unknown") return first;
  const later = evaluatePacket(judge("established"));
  if (later.kind === "blocked") return { ...later, later: true, tooLate: null };
  if (later.kind === "unknown") return later;
  return later.kind === "restricted" && first.kind === "open" ? later : first;
}

function evaluatePacket(rules: Ruleset): Passage {
  let last: Passage = {
    kind: "open",
    by: { rule: null, via: null, otherwise: "no rules" },
    except: [],
  };
  const except: string[] = [];
  let restricted: Extract<Passage, { kind: "restricted" }> | null = null;
  let doubtful: Passage | null = null;
  for (const hook of rules.hooks) {
    const passage = evaluateHook(hook, rules.chains(hook));
    if (passage.kind === "blocked") return passage;
    if (passage.kind === "unknown") doubtful ??= passage;
    if (passage.kind === "restricted") restricted ??= passage;
    if (passage.kind === "open") except.push(...passage.except);
    last = passage;
  }
  if (doubtful !== null) return doubtful;
  if (restricted !== null) return restricted;
  return last.kind === "open" ? { ...last, except } : last;
}

function evaluateHook(hook: Chain, chains: ReadonlyMap<string, Chain>): Passage {
  const walk: Walk = { chains, exceptions: [], asked: 0 };
  const decided = walkChain(hook, null, walk, 0);
  if (decided instanceof TooMuch) {
    return { kind: "unknown", why: `chain ${hook.name} ${decided.why}` };
  }
  const { outcome, by } = decided ?? {
    outcome: hook.policy ?? "accept",
    by: { rule: null, via: null, otherwise: `the policy of ${hook.name}` },
  };
  return passageOf(outcome, by, walk.exceptions, hook);
}

function passageOf(
  outcome: Outcome,
  by: Decision,
  exceptions: readonly Exception[],
  hook: Chain,
): Passage {
  const others = exceptions.filter((exception) => exception.outcome !== outcome);
  const doubt = others.find(
    ({ conditions, outcome: what }) => what === "unknown" || conditions?.doubt != null,
  );
  if (doubt !== undefined) return { kind: "unknown", why: whyDoubtful(doubt) };
  const places = others
    .slice(0, MOST_NAMED)
    .map(({ conditions }) => describeConditions(conditions));
  if (others.length > MOST_NAMED) places.push(`${others.length - MOST_NAMED} more`);
  if (outcome === "accept") return { kind: "open", by, except: places };
  if (places.length > 0) return { kind: "restricted", by, hook: hook.name, from: places };
  return { kind: "blocked", by, hook: hook.name, later: false, tooLate: findTooLate(by, hook) };
}

function whyDoubtful({ conditions, rule }: Exception): string {
  const unknown = conditions?.doubt == null ? [] : [conditions.doubt];
  const verdict = rule.verdict.kind === "unknown" ? [rule.verdict.what] : [];
  const where = rule.line === null ? "" : `line ${rule.line}: `;
  return `${where}${rule.text} (cannot judge ${[...new Set([...unknown, ...verdict])].join(", ")})`;
}

/** Below the rule that decides, in the same chain of the hook. */
function findTooLate(by: Decision, hook: Chain): Rule | null {
  const index = by.via === null ? -1 : hook.rules.indexOf(by.via);
  if (index < 0) return null;
  const later = hook.rules.slice(index + 1).find(({ answers, verdict, text }) => {
    const fits = answers.every((answer) => answer === "yes");
    // "-j ACCEPT" alone would be no sign that somebody meant this port.
    return verdict.kind === "accept" && fits && /port/.test(text);
  });
  return later ?? null;
}

/**
 * @param conditions - under which this chain is asked at all
 * @returns what becomes of every packet; null if the chain lets some of them go back to where it was jumped from
 */
function walkChain(
  chain: Chain,
  conditions: Conditions,
  walk: Walk,
  depth: number,
): { readonly outcome: Outcome; readonly by: Decision } | null | TooMuch {
  if (depth > MOST_JUMPS) return new TooMuch("jumps too deep, or in circles");
  /** What holds for those who are still here: others have returned. */
  let here = conditions;
  for (const rule of chain.rules) {
    walk.asked += 1;
    if (walk.asked > MOST_RULES_ASKED) return new TooMuch("leads through too many rules");
    const needed = neededFor(rule);
    if (needed === null) continue;
    const all = addConditions(here, needed);
    const except = (outcome: Exception["outcome"]): void => {
      walk.exceptions.push({ conditions: all, outcome, rule });
    };
    const { verdict } = rule;
    switch (verdict.kind) {
      case "continue":
        break;
      case "unknown":
        except("unknown");
        break;
      case "accept":
      case "drop":
        if (all === null) return { outcome: verdict.kind, by: { rule, via: rule, otherwise: "" } };
        except(verdict.kind);
        if (needed.length === 0) return null;
        break;
      case "return":
        if (needed.length === 0) return null;
        here = addConditions(here, needed.map(inverse));
        break;
      case "jump":
      case "goto": {
        const next = walk.chains.get(verdict.chain);
        if (next === undefined) {
          except("unknown");
          break;
        }
        const decided = walkChain(next, all, walk, depth + 1);
        if (decided instanceof TooMuch) return decided;
        if (decided !== null) return { ...decided, by: { ...decided.by, via: rule } };
        if (verdict.kind === "goto") {
          if (needed.length === 0) return null;
          here = addConditions(here, needed.map(inverse));
        }
      }
    }
  }
  return null;
}

/** @returns what has to hold for the rule to fit; null if it never does */
function neededFor({ answers }: Rule): Condition[] | null {
  if (answers.includes("no")) return null;
  return answers.filter((answer) => answer !== "yes" && answer !== "no");
}

function inverse(condition: Condition): Condition {
  return condition.kind === "only" ? { kind: "only", where: `not ${condition.where}` } : condition;
}

/** The family in the words of people. */
export function familyName({ family }: Pick<Packet, "family">): string {
  return family === "ipv4" ? "IPv4" : "IPv6";
}
