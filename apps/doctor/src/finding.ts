import { catalogue, type FindingId } from "./catalogue.ts";

/** Something to mend, or to think about. */
export interface Finding {
  readonly kind: "finding";
  readonly id: FindingId;
  /** A fault keeps something from working; advice is for a quiet hour. */
  readonly severity: "fault" | "advice";
  /** What was seen, here. */
  readonly what: string;
  readonly why: string;
  /** Lines to type, or to do, in this order. */
  readonly mend: readonly string[];
}

/** What a check has to say: a finding, that all is well, or that it could not look. */
export type Result =
  | Finding
  | { readonly kind: "fine"; readonly text: string }
  | { readonly kind: "notChecked"; readonly why: string };

/** A check and all that it said. */
export interface CheckReport {
  readonly check: string;
  readonly results: readonly Result[];
}

/** Makes a finding; severity and why it matters are the catalogue's. */
export function finding(id: FindingId, what: string, mend: readonly string[]): Finding {
  const { severity, why } = catalogue[id];
  return { kind: "finding", id, severity, what, why, mend };
}

/** Makes a line about what is as it should be. */
export function fine(text: string): Result {
  return { kind: "fine", text };
}

/** Makes a line about what nobody could see. It is no fault. */
export function notChecked(why: string): Result {
  return { kind: "notChecked", why };
}
