import { DoctorInputError } from "../errors.ts";
import type { IptablesSave, Line } from "./iptables-save.ts";

/** What iptables-restore would not take, and what it takes there. */
interface Refusal {
  readonly found: string;
  readonly allowed: string;
}

const TABLES = new Set(["filter", "nat", "mangle", "raw", "security"]);
const STATES = new Set("INVALID NEW RELATED ESTABLISHED UNTRACKED SNAT DNAT NONE".split(" "));
const PORT_OPTION = /^--(?:dports?|sports?|ports|destination-ports?|source-ports?|to-ports)$/;
/** Extensions of other makers have capitals in their names; a chain of somebody's may have any. */
const MAY_BE_EXTENSION = /^[A-Z][A-Z0-9]*$/;
const BUILT_IN = new Set("PREROUTING INPUT FORWARD OUTPUT POSTROUTING".split(" "));

/**
 * Refuses rules that iptables-restore would not load: it loads nothing of a file with one such line. Extensions and
 * names that this host lacks may be known where the file is loaded: they are not refused.
 *
 * @throws {@link DoctorInputError} for the first of them
 */
export function refuseUnloadable(save: IptablesSave, source: string): void {
  for (const line of save.rules) {
    const refusal = refusalOf(line, save);
    if (refusal === null) continue;
    const { found, allowed } = refusal;
    throw new DoctorInputError(
      `${source}:${line.line}: found ${JSON.stringify(found.slice(0, 60))}, must be ${allowed} (iptables-restore refuses the whole file): ${line.text.slice(0, 120)}`,
    );
  }
}

function refusalOf({ table, chain, words }: Line, { policies }: IptablesSave): Refusal | null {
  if (!TABLES.has(table)) return { found: `*${table}`, allowed: `*${[...TABLES].join(", *")}` };
  const hasChain = (name: string): boolean =>
    policies.has(`${table} ${name}`) || BUILT_IN.has(name);
  if (!hasChain(chain)) return { found: chain, allowed: "a chain that the file declares" };
  let isMultiport = false;
  const matches = words.includes("tcp") || words.includes("6");
  const hasPorts =
    matches || words.some((word) => /^(udp|udplite|dccp|sctp|17|132|33|136)$/.test(word));
  for (const [index, word] of words.entries()) {
    const value = words[index + 1] === "!" ? words[index + 2] : words[index + 1];
    switch (word) {
      case "-m":
      case "--match":
        isMultiport ||= value === "multiport";
        if (value === undefined || !/^[\w-]+$/.test(value)) {
          return { found: `${word} ${value ?? ""}`, allowed: "the name of a match" };
        }
        break;
      case "-p":
      case "--protocol":
        if (value === undefined || !/^[\w.+-]+$/.test(value)) {
          return { found: `${word} ${value ?? ""}`, allowed: "the name or number of a protocol" };
        }
        break;
      case "-j":
      case "--jump":
      case "-g":
      case "--goto":
        if (value === undefined || (!hasChain(value) && !MAY_BE_EXTENSION.test(value))) {
          return {
            found: `${word} ${value ?? ""}`,
            allowed: "a target, or a chain that the file declares",
          };
        }
        break;
      case "--state":
      case "--ctstate": {
        const wrong = (value ?? "").split(",").find((each) => !STATES.has(each.toUpperCase()));
        if (wrong !== undefined)
          return { found: `${word} ${value ?? ""}`, allowed: "states such as NEW" };
        break;
      }
      default: {
        if (!PORT_OPTION.test(word)) break;
        if (!hasPorts && word !== "--to-ports") {
          return { found: word, allowed: "preceded by -p tcp or another protocol with ports" };
        }
        const allowed = isMultiport
          ? "ports such as 6080,6081"
          : "a port such as 6080 or 6080:6081 (lists need -m multiport)";
        if (!arePorts(value ?? "", isMultiport))
          return { found: `${word} ${value ?? ""}`, allowed };
      }
    }
  }
  return null;
}

/** Ports by number or name, ranges of them, and lists where a module takes lists. */
function arePorts(text: string, isList: boolean): boolean {
  const parts = isList ? text.split(",") : [text];
  return parts.every(
    (part) =>
      /^[\w.+-]*(?::[\w.+-]*)?$/.test(part) &&
      part !== "" &&
      part.split(/[:-]/).every((each) => !/^\d+$/.test(each) || Number(each) <= 65_535),
  );
}
