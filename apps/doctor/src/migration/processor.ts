import { isMissing, type CpuFacts, type HostFacts } from "../facts/facts.ts";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { bothWays, type Pair } from "./pair.ts";

/** Features that a message names; the rest is counted. */
const MOST_NAMED = 12;

/** Same processor type, and all of its features: the guide, 8.1.4.1. */
export function checkProcessor(pair: Pair): Result[] {
  const { source, destination } = pair;
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
  if (mine.vendor !== null && theirs.vendor !== null && mine.vendor !== theirs.vendor) {
    return [
      finding("migration-cpu-vendor", `${from} has ${mine.vendor}, ${to} has ${theirs.vendor}`, [
        "choose another destination",
      ]),
    ];
  }
  const unsaid = bothWays(pair).flatMap(({ here }) => unsaidBy(here));
  const results: Result[] = [];
  if (mine.model !== null && theirs.model !== null && mine.model !== theirs.model) {
    results.push(
      finding("migration-cpu-model", `${from} has ${mine.model}, ${to} has ${theirs.model}`, [
        "choose another destination",
        custom,
      ]),
    );
  }
  // A list of features says what a processor has beside those of its model: without the model it says little.
  const hasModels = mine.model !== null && theirs.model !== null;
  const [mineMore, theirsMore] = [difference(mine, theirs), difference(theirs, mine)];
  if (hasModels && mineMore.length > 0) {
    results.push(
      finding("migration-cpu-features", `${to} lacks what ${from} has: ${list(mineMore)}`, [
        `on ${to}: lscpu    (microcode and BIOS settings as on ${from}?)`,
        custom,
      ]),
    );
  }
  if (results.length > 0 || unsaid.length > 0) return [...results, ...unsaid];
  const extra =
    theirsMore.length === 0
      ? ""
      : `; ${to} also has ${list(theirsMore)}, so the way back may be closed`;
  return [fine(`both are ${mine.model ?? ""} (${mine.vendor ?? ""}, ${mine.arch})${extra}`)];
}

/** What libvirt leaves out: unknown is not equal to unknown. */
function unsaidBy({ host, cpu }: HostFacts): Result[] {
  if (isMissing(cpu)) return [];
  const fields = [
    ...(cpu.vendor === null ? ["vendor"] : []),
    ...(cpu.model === null ? ["model", "features"] : []),
  ];
  if (fields.length === 0) return [];
  const why = `${host.name} (${cpu.arch}): virsh capabilities does not say the processor's ${fields.join(", ")}`;
  return [notChecked(`${why}; compare what lscpu prints on both`)];
}

function difference(some: CpuFacts, others: CpuFacts): string[] {
  return some.features.filter((feature) => !others.features.includes(feature));
}

function list(features: readonly string[]): string {
  const named = features.slice(0, MOST_NAMED).join(", ");
  return features.length > MOST_NAMED ? `${named} and ${features.length - MOST_NAMED} more` : named;
}
