import { isList, isRecord, numberOf, textOf, type Json } from "./json.ts";
import { unknown, type Answer } from "./model.ts";

/** Finds the elements of a named set or map; null if there is none. */
export type NftSets = (name: string) => readonly Json[] | null;

/** What `right` may be: one value, a list, a set, a range, a prefix, or the name of a set. @returns null if there is no such set */
export function valuesOf(right: Json, sets: NftSets): readonly Json[] | null {
  if (typeof right === "string" && right.startsWith("@")) return plain(sets(right.slice(1)));
  if (isRecord(right) && right["set"] !== undefined) {
    const { set } = right;
    if (typeof set === "string") return plain(sets(set.replace(/^@/, "")));
    return isList(set) ? plain(set) : plain([set]);
  }
  return isList(right) ? plain(right) : plain([right]);
}

/** Elements with a counter or a comment are wrapped. */
function plain(values: readonly Json[] | null): readonly Json[] | null {
  return (
    values?.map((value) => {
      const wrapped = isRecord(value) ? value["elem"] : undefined;
      return isRecord(wrapped) ? (wrapped["val"] ?? value) : value;
    }) ?? null
  );
}

/** Whether a number or a range has the port. */
export function isPort(value: Json, port: number): Answer {
  if (typeof value === "number") return value === port ? "yes" : "no";
  const range = isRecord(value) ? value["range"] : undefined;
  if (range !== undefined && isList(range)) {
    const [first, last] = range;
    if (typeof first === "number" && typeof last === "number") {
      return first <= port && port <= last ? "yes" : "no";
    }
  }
  return unknown(`port ${shorten(value)}`);
}

/** A network as text: `192.0.2.0/24`. */
export function networkOf(value: Json): string {
  if (typeof value === "string") return value;
  const prefix = isRecord(value) ? value["prefix"] : undefined;
  if (isRecord(prefix)) return `${textOf(prefix["addr"])}/${numberOf(prefix["len"]) ?? "?"}`;
  const range = isRecord(value) ? value["range"] : undefined;
  if (range !== undefined && isList(range)) return `${textOf(range[0])}/1`;
  return "?";
}

/** Whether `left` of a match is the flags of TCP. */
export function isTcpFlags(left: Json): boolean {
  const payload = isRecord(left) ? left["payload"] : undefined;
  return isRecord(payload) && payload["protocol"] === "tcp" && payload["field"] === "flags";
}

/** Names of flags: `"syn"`, `["fin", "syn"]`, `{"|": ["fin", "syn"]}`, 0 for none. */
export function flagsOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (isList(value)) return value.flatMap(flagsOf);
  const either = isRecord(value) ? value["|"] : undefined;
  return either === undefined ? [] : flagsOf(either);
}

/** JSON in a message. */
export function shorten(value: Json): string {
  return JSON.stringify(value).slice(0, 80);
}
