import type { Json } from "./json.ts";
import { isList, isRecord, textOf } from "./json.ts";
import { unknown, type Answer } from "./model.ts";

/** Bits that rules may set. A packet of another machine comes with a mark of 0. */
export interface SettableMarks {
  /** Of a packet (MARK). */
  readonly packet: number;
  /** Of a connection (CONNMARK). */
  readonly connection: number;
  /** Whether a rule copies the packet's mark to its connection. */
  readonly saves: boolean;
  /** Whether a rule copies the connection's mark to a packet. */
  readonly restores: boolean;
}

/** Which of the two marks a rule looks at. */
export type MarkKind = "packet" | "connection";

const NONE: SettableMarks = { packet: 0, connection: 0, saves: false, restores: false };
const ALL_BITS = 0xffff_ffff;
/** Chains that no packet for this machine meets. */
const ELSEWHERE = new Set(["FORWARD", "OUTPUT", "POSTROUTING"]);

/** Finds the bits that rules of iptables may set before or while a packet for this machine is judged. */
export function marksOfIptables(
  rules: readonly { readonly chain: string; readonly words: readonly string[] }[],
): SettableMarks {
  return mergeMarks(
    rules.map(({ chain, words }) => (ELSEWHERE.has(chain) ? NONE : marksOfWords(words))),
  );
}

/** Finds the bits that statements of nftables may set. */
export function marksOfNft(statements: readonly Json[]): SettableMarks {
  return mergeMarks(
    statements.map((statement) => {
      const mangle = isRecord(statement) ? statement["mangle"] : undefined;
      if (!isRecord(mangle)) return NONE;
      const { key, value = null } = mangle;
      if (isMark(key ?? null, "meta")) {
        return { ...NONE, packet: bitsOf(value), restores: mentions(value, "ct") };
      }
      if (!isMark(key ?? null, "ct")) return NONE;
      return { ...NONE, connection: bitsOf(value), saves: mentions(value, "meta") };
    }),
  );
}

/** Whether an expression of nftables is `meta mark` or `ct mark`. */
export function isMark(expression: Json, of: "meta" | "ct"): boolean {
  const inner = isRecord(expression) ? expression[of] : undefined;
  return isRecord(inner) && textOf(inner["key"]) === "mark";
}

/** Joins what several rules may set. */
export function mergeMarks(all: readonly SettableMarks[]): SettableMarks {
  return all.reduce(
    (sum, each) => ({
      packet: (sum.packet | each.packet) >>> 0,
      connection: (sum.connection | each.connection) >>> 0,
      saves: sum.saves || each.saves,
      restores: sum.restores || each.restores,
    }),
    NONE,
  );
}

/**
 * Compares a mark with a value, so far as a mask shows it.
 *
 * @param what - for a message, if nobody can tell
 */
export function judgeMark(
  { value, mask }: { readonly value: number; readonly mask: number },
  kind: MarkKind,
  marks: SettableMarks,
  what: string,
): Answer {
  const shown = (bitsThatMayBe(kind, marks) & mask) >>> 0;
  // A bit that must be set, and that the mask hides or no rule sets.
  if ((value & ~shown) >>> 0 !== 0) return "no";
  return shown === 0 ? "yes" : unknown(what);
}

/** Reads `0x8000/0x8000`, `1`. @returns null if it is no mark */
export function parseMark(text: string): { readonly value: number; readonly mask: number } | null {
  const match = /^(0x[\da-f]{1,8}|\d{1,10})(?:\/(0x[\da-f]{1,8}|\d{1,10}))?$/i.exec(text);
  if (match === null) return null;
  const [, value = "0", mask] = match;
  return { value: Number(value), mask: mask === undefined ? ALL_BITS : Number(mask) };
}

function bitsThatMayBe(kind: MarkKind, marks: SettableMarks): number {
  const both = (marks.packet | marks.connection) >>> 0;
  if (kind === "packet") return marks.restores ? both : marks.packet;
  return marks.saves ? both : marks.connection;
}

function marksOfWords(words: readonly string[]): SettableMarks {
  const after = (name: string): string | undefined => {
    const index = words.indexOf(name);
    return index < 0 ? undefined : words[index + 1];
  };
  const target = after("-j") ?? after("--jump");
  // These take a mark from elsewhere: from a table of hashes, of sets, of sockets.
  if (target === "HMARK" || words.includes("--map-mark") || words.includes("--restore-skmark")) {
    return { ...NONE, packet: ALL_BITS };
  }
  const set = ["--set-mark", "--set-xmark", "--or-mark", "--xor-mark", "--tproxy-mark"]
    .map((name) => after(name))
    .find((found) => found !== undefined);
  const bits = set === undefined ? 0 : (parseMark(set)?.value ?? ALL_BITS);
  if (target !== "CONNMARK") return { ...NONE, packet: bits };
  return {
    ...{ packet: 0, connection: bits },
    saves: words.includes("--save-mark"),
    restores: words.includes("--restore-mark"),
  };
}

/** Bits that an expression of nftables may have, beside those that it copies from a mark. */
function bitsOf(value: Json): number {
  if (typeof value === "number") return value >>> 0;
  if (isMark(value, "meta") || isMark(value, "ct")) return 0;
  if (!isRecord(value)) return ALL_BITS;
  const { "|": or, "^": xor, "&": and } = value;
  for (const operands of [or, xor]) {
    if (operands !== undefined && isList(operands)) {
      return operands.reduce<number>((bits, each) => (bits | bitsOf(each)) >>> 0, 0);
    }
  }
  if (and !== undefined && isList(and)) {
    return and.reduce<number>((bits, each) => (bits & bitsOf(each)) >>> 0, ALL_BITS);
  }
  return ALL_BITS;
}

function mentions(value: Json, of: "meta" | "ct"): boolean {
  if (isMark(value, of)) return true;
  if (isList(value)) return value.some((each) => mentions(each, of));
  return isRecord(value) && Object.values(value).some((each) => mentions(each, of));
}
