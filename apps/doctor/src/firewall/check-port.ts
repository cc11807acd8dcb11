import { finding, fine, notChecked, type Result } from "../finding.ts";
import { familyName, type Decision } from "./evaluate.ts";
import type { FirewallFacts } from "./gather.ts";
import { judgeFirewall, judgeSource, type Destination, type Layer } from "./judge.ts";
import { mendEstablished, mendFirewalld, mendIptables, mendNft } from "./mend.ts";

/** Which port of which program is looked at. */
export interface WatchedPort extends Destination {
  /** As firewalld's service is called too. */
  readonly program: "nova-novncproxy" | "nova-xvpvncproxy" | null;
}

/** Says whether a new connection from outside gets through to one port. */
export async function checkPort(facts: FirewallFacts, asked: WatchedPort): Promise<Result[]> {
  const { main } = facts.interfaces;
  const port = main === null ? asked : { ...asked, interface: main };
  const layers = await judgeFirewall(facts, port);
  const what = `TCP port ${port.port} (${familyName(port)})`;
  const gaps = facts.gaps.filter(({ family }) => family === null || family === port.family);
  if (layers.length === 0) {
    const why = gaps.map((gap) => gap.why).join("; ") || "no rules were found";
    return [notChecked(`${what}: ${why}`)];
  }
  const blocking = layers.find(({ passage }) => passage.kind === "blocked");
  if (blocking !== undefined) return [blocked(facts, port, what, blocking)];
  const unseen = gaps.filter(({ isInstalled }) => isInstalled);
  const results: Result[] = [
    ...unseen.map(({ why }) => notChecked(`${what}: ${why}`)),
    ...layers.flatMap(({ name, passage }) =>
      passage.kind === "unknown" ? [notChecked(`${what}: ${name}: ${passage.why}`)] : [],
    ),
  ];
  const restricted = layers.find(({ passage }) => passage.kind === "restricted");
  if (restricted?.passage.kind === "restricted") {
    const { from } = restricted.passage;
    const lines = `${what} gets through only from ${from.join("; ")} (${restricted.name})`;
    results.push(
      finding("firewall-restricted", lines, [
        "nothing, if that is meant; else:",
        ...mendOf(facts, port, restricted),
      ]),
    );
  }
  if (results.length > 0) return [...results, ...notSaved(facts, port, what)];
  const except = [
    ...layers.flatMap(({ passage }) => (passage.kind === "open" ? passage.except : [])),
    ...(await closedInterfaces(facts, asked)),
  ];
  const who = layers.map(({ name, passage }) =>
    passage.kind === "open" ? `${name}: ${describe(passage.by)}` : name,
  );
  const but = except.length === 0 ? "" : `, but not from ${except.join("; ")}`;
  return [fine(`${what} gets through${but} (${who.join("; ")})`), ...notSaved(facts, port, what)];
}

/** Interfaces beside that of the default route, by which it may be otherwise. */
async function closedInterfaces(facts: FirewallFacts, asked: WatchedPort): Promise<string[]> {
  const { main, all } = facts.interfaces;
  if (main === null) return [];
  const others = all.filter((name) => name !== main);
  const judged = await Promise.all(
    others.map(async (name) => {
      const layers = await judgeFirewall(facts, { ...asked, interface: name });
      return layers.some(({ passage }) => passage.kind === "blocked") ? [`interface ${name}`] : [];
    }),
  );
  return judged.flat();
}

function blocked(facts: FirewallFacts, port: WatchedPort, what: string, layer: Layer): Result {
  const { passage } = layer;
  if (passage.kind !== "blocked") return notChecked(what);
  const { by, tooLate, later } = passage;
  const stop = `${layer.name}: ${describe(by)}`;
  if (later) {
    const text = `${what}: the first packet of a connection gets through, those that follow do not: ${stop}`;
    return finding("firewall-no-established", text, mendEstablished(layer));
  }
  if (tooLate !== null) {
    return finding(
      "firewall-below-reject",
      `${what}: ${place(tooLate.line)}"${tooLate.text}" is never reached; above it stands ${stop}`,
      mendOf(facts, port, layer),
    );
  }
  const { saved } = facts;
  if (
    saved !== null &&
    layer.kind === "iptables" &&
    layer.name !== saved.name &&
    port.family === saved.family
  ) {
    if (judgeSource(saved, port).passage.kind === "open") {
      return finding(
        "firewall-not-loaded",
        `${what}: ${saved.name} lets it in; in force is ${stop}`,
        ["service iptables restart"],
      );
    }
  }
  return finding(
    "firewall-blocked",
    `${what} does not get through: ${stop}`,
    mendOf(facts, port, layer),
  );
}

/** What is open now, and closed after the next boot. */
function notSaved({ saved, zones }: FirewallFacts, port: WatchedPort, what: string): Result[] {
  if (saved === null || zones !== null || saved.family !== port.family) return [];
  const layer = judgeSource(saved, port);
  if (layer.passage.kind !== "blocked") return [];
  return [
    finding(
      "firewall-not-saved",
      `${what} gets through now; by ${saved.name} it does not: ${describe(layer.passage.by)}`,
      mendIptables(port, layer, saved),
    ),
  ];
}

function mendOf(facts: FirewallFacts, port: WatchedPort, layer: Layer): readonly string[] {
  switch (layer.kind) {
    case "firewalld":
      return mendFirewalld(port, layer);
    case "nftables":
      return mendNft(port, layer);
    case "iptables": {
      const { saved } = facts;
      const isSaved = saved !== null && saved.family === port.family;
      return isSaved
        ? mendIptables(port, judgeSource(saved, port), saved)
        : mendIptables(port, layer, facts.iptables.find(({ name }) => name === layer.name) ?? null);
    }
  }
}

function describe({ rule, via, otherwise }: Decision): string {
  if (rule === null) return otherwise;
  const jump = via === null || via === rule ? "" : `, reached by ${place(via.line)}"${via.text}"`;
  return `${place(rule.line)}"${rule.text}"${jump}`;
}

function place(line: number | null): string {
  return line === null ? "" : `line ${line} `;
}
