import type { Condition } from "./model.ts";

/**
 * Conditions that all have to hold, the last one first; null for none. Long rulesets of conditional returns share
 * them: a copy for each rule would take gigabytes.
 */
export type Conditions = {
  readonly condition: Condition;
  readonly before: Conditions;
  /** The first one that nobody can judge; null if there is none. */
  readonly doubt: string | null;
} | null;

/** Conditions that a message names; the rest is left out. */
const MOST_NAMED = 6;

/** The same, and more. */
export function addConditions(conditions: Conditions, more: readonly Condition[]): Conditions {
  return more.reduce<Conditions>((before, condition) => {
    const own = condition.kind === "unknown" ? condition.what : null;
    return { condition, before, doubt: before?.doubt ?? own };
  }, conditions);
}

/** For a message: `10.0.0.0/8 and not interface eth0`. */
export function describeConditions(conditions: Conditions): string {
  const words: string[] = [];
  let rest = conditions;
  for (; rest !== null && words.length < MOST_NAMED; rest = rest.before) {
    const { condition } = rest;
    words.unshift(condition.kind === "only" ? condition.where : condition.what);
  }
  return `${rest === null ? "" : "... and "}${words.join(" and ")}`;
}
