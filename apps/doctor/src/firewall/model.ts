/** Address families; a rule counts for one of them, or for both. */
export type Family = "ipv4" | "ipv6";

/** A packet of a viewer's connection, from another machine: the first one, or one of those that follow. */
export interface Packet {
  readonly family: Family;
  readonly port: number;
  readonly state: "new" | "established";
  /** Interface that it comes in by; left out: any but loopback. */
  readonly interface?: string;
}

/**
 * Whether a packet fits one condition of a rule: it does, it does not, only if it comes from somewhere (or by some
 * way) that is named, or nobody can tell.
 */
export type Answer =
  | "yes"
  | "no"
  | { readonly kind: "only"; readonly where: string }
  | { readonly kind: "unknown"; readonly what: string };

/** What has to hold for a rule to fit: neither "always" nor "never". */
export type Condition = Exclude<Answer, "yes" | "no">;

/** What a rule does with a packet that fits. */
export type Verdict =
  | { readonly kind: "accept" | "drop" | "return" | "continue" }
  | { readonly kind: "jump" | "goto"; readonly chain: string }
  | { readonly kind: "unknown"; readonly what: string };

/** A rule, asked about one packet. */
export interface Rule {
  /** As the tool prints it. */
  readonly text: string;
  /** Of the file or listing that it is in; null if lines mean nothing there. */
  readonly line: number | null;
  readonly answers: readonly Answer[];
  readonly verdict: Verdict;
}

/** Rules in the order in which they are asked. */
export interface Chain {
  readonly name: string;
  /** What becomes of a packet that no rule decides; null in a chain that others jump to. */
  readonly policy: "accept" | "drop" | null;
  readonly rules: readonly Rule[];
}

/** The chains that the kernel asks, in this order; a packet must pass all of them. */
export interface Ruleset {
  readonly hooks: readonly Chain[];
  /** Chains by name that a rule of the hook jumps to. */
  readonly chains: (hook: Chain) => ReadonlyMap<string, Chain>;
}

/** The answer that is never wrong. */
export function unknown(what: string): Answer {
  return { kind: "unknown", what };
}

/** What is so for some, and not for others. */
export function only(where: string): Answer {
  return { kind: "only", where };
}

/** The opposite, as "!" has it. */
export function not(answer: Answer): Answer {
  if (answer === "yes") return "no";
  if (answer === "no") return "yes";
  return answer.kind === "only" ? only(`not ${answer.where}`) : answer;
}

/** Whether one of several fits. */
export function anyOf(answers: readonly Answer[]): Answer {
  if (answers.includes("yes")) return "yes";
  return joined(answers, " or ") ?? "no";
}

/** Whether all of several fit. */
export function allOf(answers: readonly Answer[]): Answer {
  if (answers.includes("no")) return "no";
  return joined(answers, " and ") ?? "yes";
}

/** What is so for some only; null if that is none of them. */
function joined(answers: readonly Answer[], word: string): Answer | null {
  const maybe = answers.filter((answer) => typeof answer === "object");
  const doubt = maybe.find(({ kind }) => kind === "unknown");
  if (doubt !== undefined) return doubt;
  const where = maybe.map((each) => (each.kind === "only" ? each.where : each.what));
  return where.length === 0 ? null : only(where.join(word));
}
