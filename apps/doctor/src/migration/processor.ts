import { isMissing } from "../facts/facts.ts";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import type { Pair } from "./pair.ts";

/** Features that a message names; the rest is counted. */
const MOST_NAMED = 12;

/** Same processor type, and all of its features: the guide, 8.1.4.1. */
export function checkProcessor({ source, destination }: Pair): Result[] {
  const [from, to] = [source.host.name, destination.host.name];
  const [mine, theirs] = [source.cpu, destination.cpu];
  if (isMissing(mine)) return [notChecked(`${from}: ${mine.missing}`)];
  if (isMissing(theirs)) return [notChecked(`${to}: ${theirs.missing}`)];
  const custom =
    "or on all computes, in nova.conf: [libvirt] cpu_mode = custom, cpu_models = MODEL    (virsh cpu-models x86_64)";
  if (mine.arch !== theirs.arch) {
    return [
      finding("migration-cpu-architecture", `${from} is ${mine.arch}, ${to} is ${theirs.arch}`, [
        "choose another destination",
      ]),
    ];
  }
  if (mine.vendor !== theirs.vendor) {
    return [
      finding(
        "migration-cpu-vendor",
        `${from} has ${mine.vendor ?? "?"}, ${to} has ${theirs.vendor ?? "?"}`,
        ["choose another destination"],
      ),
    ];
  }
  const results: Result[] = [];
  if (mine.model !== theirs.model) {
    results.push(
      finding(
        "migration-cpu-model",
        `${from} has ${mine.model ?? "?"}, ${to} has ${theirs.model ?? "?"}`,
        ["choose another destination", custom],
      ),
    );
  }
  const lacking = mine.features.filter((feature) => !theirs.features.includes(feature));
  const more = theirs.features.filter((feature) => !mine.features.includes(feature));
  if (lacking.length > 0) {
    results.push(
      finding("migration-cpu-features", `${to} lacks what ${from} has: ${list(lacking)}`, [
        `on ${to}: lscpu    (microcode and BIOS settings as on ${from}?)`,
        custom,
      ]),
    );
  }
  if (results.length > 0) return results;
  const extra =
    more.length === 0 ? "" : `; ${to} also has ${list(more)}, so the way back may be closed`;
  return [fine(`both are ${mine.model ?? "?"} (${mine.vendor ?? "?"}, ${mine.arch})${extra}`)];
}

function list(features: readonly string[]): string {
  const named = features.slice(0, MOST_NAMED).join(", ");
  return features.length > MOST_NAMED ? `${named} and ${features.length - MOST_NAMED} more` : named;
}
