import { evaluate, type Passage } from "./evaluate.ts";
import { judgeZone, type Zone } from "./firewalld.ts";
import type { FirewallFacts, IptablesSource } from "./gather.ts";
import { judgeIptables } from "./iptables-save.ts";
import { marksOfIptables, mergeMarks, type SettableMarks } from "./marks.ts";
import type { Packet } from "./model.ts";
import { judgeNft, marksOfRuleset } from "./nft.ts";

/** The port that a connection is to, and the interface that it comes in by, if that is known. */
export type Destination = Omit<Packet, "state">;

/** Who guards, and what it does with a packet. */
export interface Layer {
  readonly kind: "firewalld" | "iptables" | "nftables";
  /** `iptables-save`, a file, `zone public`. */
  readonly name: string;
  readonly passage: Passage;
}

/** Asks every layer that a packet has to pass. */
export async function judgeFirewall(facts: FirewallFacts, to: Destination): Promise<Layer[]> {
  const layers: Layer[] = [];
  const ofFirewalld = facts.zones !== null;
  const shown = new Set(
    facts.iptables
      .filter(({ family }) => family === to.family)
      .flatMap(({ save }) => [...save.nftTables]),
  );
  const marks = mergeMarks([
    ...facts.iptables
      .filter(({ family }) => family === to.family)
      .map(({ save }) => marksOfIptables(save.rules)),
    ...(facts.nft === null ? [] : [marksOfRuleset(facts.nft.rules, shown)]),
  ]);
  if (facts.zones !== null) layers.push(await judgeZones(facts, to));
  for (const source of facts.iptables) {
    if (source.family !== to.family) continue;
    // Where firewalld itself works by iptables, its zones have said it.
    if (ofFirewalld && source.save.policies.has("filter INPUT_ZONES")) continue;
    layers.push(judgeSource(source, to, marks));
  }
  if (facts.nft !== null) {
    const { name, rules } = facts.nft;
    const others = {
      ...rules,
      chains: rules.chains.filter(({ table }) => !ofFirewalld || table !== "firewalld"),
    };
    const passage = evaluate((state) => judgeNft(others, { ...to, state }, shown, marks));
    if (others.chains.length > 0) layers.push({ kind: "nftables", name, passage });
  }
  return layers;
}

/** Asks rules in iptables' form. @param marks - that rules may set; left out: these rules alone */
export function judgeSource(
  { name, save }: IptablesSource,
  to: Destination,
  marks?: SettableMarks,
): Layer {
  return {
    kind: "iptables",
    name,
    passage: evaluate((state) => judgeIptables(save, { ...to, state }, marks)),
  };
}

/** Viewers come by one interface, not by all: that of the default route, where zones do not agree. */
async function judgeZones(facts: FirewallFacts, { port }: Destination): Promise<Layer> {
  const judged = await Promise.all(
    (facts.zones ?? []).map(async (zone) => ({
      zone,
      passage: await judgeZone(zone, port, facts.servicePorts),
    })),
  );
  const best = (["open", "restricted", "unknown", "blocked"] as const)
    .map((kind) => judged.find(({ passage }) => passage.kind === kind))
    .find((found) => found !== undefined);
  if (best === undefined) {
    return {
      ...{ kind: "firewalld", name: "firewalld" },
      passage: { kind: "unknown", why: "firewall-cmd does not tell of any zone" },
    };
  }
  const main = judged.find(({ zone }) => zone.name === facts.mainZone) ?? best;
  const isOpen = main.passage.kind === "open";
  const others = judged.flatMap(({ zone, passage }) => {
    if (isOpen) return passage.kind === "open" ? [] : [placeOf(zone)];
    return passage.kind === "open" || passage.kind === "restricted" ? [placeOf(zone)] : [];
  });
  return { kind: "firewalld", name: `zone ${main.zone.name}`, passage: withOthers(main, others) };
}

/** @param others - from where it is not as it is from the main zone */
function withOthers(
  { zone, passage }: { readonly zone: Zone; readonly passage: Passage },
  others: readonly string[],
): Passage {
  if (others.length === 0) return passage;
  if (passage.kind === "open") return { ...passage, except: [...passage.except, ...others] };
  if (passage.kind !== "blocked") return passage;
  return { kind: "restricted", hook: zone.name, by: passage.by, from: others };
}

function placeOf({ name, interfaces, sources }: Zone): string {
  return (
    [...interfaces.map((each) => `interface ${each}`), ...sources].join(", ") || `zone ${name}`
  );
}
