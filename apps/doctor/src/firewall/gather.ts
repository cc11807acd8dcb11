import { readFile } from "node:fs/promises";
import { DoctorInputError } from "../errors.ts";
import { findOuterInterfaces, type OuterInterfaces } from "../host/interfaces.ts";
import { readTextFile } from "../read-text-file.ts";
import { whyStatus, type CommandOutcome, type RunCommand } from "../run-command.ts";
import { parseZone, type ServicePorts, type Zone } from "./firewalld.ts";
import { gatherZones, servicePortsOf } from "./gather-firewalld.ts";
import { parseIptablesSave, type IptablesSave } from "./iptables-save.ts";
import type { Family } from "./model.ts";
import { parseNft, parseNftTexts, type NftRuleset } from "./nft.ts";
import { readPortNames, type PortNames } from "./port-names.ts";
import { refuseUnloadable } from "./refuse-unloadable.ts";

/** Rules in iptables' form, and where they are. */
export interface IptablesSource {
  /** A file's name, or `iptables-save`. */
  readonly name: string;
  readonly family: Family;
  readonly save: IptablesSave;
}

/** All rules of a host that could be read. */
export interface FirewallFacts {
  /** Zones that have an interface or a source, and the default zone if it has; null: firewalld does not run. */
  readonly zones: readonly Zone[] | null;
  /** The zone of the interface of the default route, or else the default zone; null if neither is known. */
  readonly mainZone: string | null;
  readonly servicePorts: ServicePorts;
  /** In force. */
  readonly iptables: readonly IptablesSource[];
  /** In force. */
  readonly nft: { readonly name: string; readonly rules: NftRuleset } | null;
  /** `/etc/sysconfig/iptables`, which is loaded at boot; null if there is none. */
  readonly saved: IptablesSource | null;
  /** By which viewers may come; none for a file, which may be of another host. */
  readonly interfaces: OuterInterfaces;
  /** What could not be read, and why. */
  readonly gaps: readonly Gap[];
}

/** Rules that there may be and that nobody saw. */
export interface Gap {
  /** null: of both. */
  readonly family: Family | null;
  readonly why: string;
  /** Where a tool is not installed, there are hardly rules of it. */
  readonly isInstalled: boolean;
}

const SAVED_RULES = "/etc/sysconfig/iptables";

/** Reads the rules that are in force on this host, and those that the next boot loads. */
export async function gatherFirewall(run: RunCommand): Promise<FirewallFacts> {
  const gaps: Gap[] = [];
  const [interfaces, portNames] = await Promise.all([findOuterInterfaces(), readPortNames()]);
  const { zones, mainZone } = await gatherZones(run, interfaces, gaps);
  const iptables = await Promise.all([
    gatherIptables(run, "iptables-save", portNames, gaps),
    gatherIptables(run, "ip6tables-save", portNames, gaps),
  ]);
  return {
    ...{ zones, mainZone },
    servicePorts: servicePortsOf(),
    iptables: iptables.filter((source) => source !== null),
    nft: await gatherNft(run, gaps),
    saved: await gatherSaved(portNames),
    ...{ interfaces, gaps },
  };
}

/**
 * Reads one file of rules, in any of the forms: what `iptables-save` or `nft -j list ruleset` printed, or a zone of
 * firewalld.
 *
 * @throws {@link DoctorInputError} if it cannot be read, is none of these, or would not be loaded
 */
export async function readRules(file: string, family: Family): Promise<FirewallFacts> {
  const text = await readTextFile(file);
  const name = file === "-" ? "standard input" : file;
  const none: FirewallFacts = {
    ...{ zones: null, mainZone: null, iptables: [], nft: null, saved: null, gaps: [] },
    interfaces: { main: null, all: [] },
    servicePorts: servicePortsOf(),
  };
  const [first = "*"] = text.trimStart();
  if (first === "{") return { ...none, nft: { name, rules: parseNft(text, name) } };
  if (first === "<") {
    const zone = /([^/]+?)(?:\.xml)?$/.exec(name)?.[1] ?? name;
    return { ...none, zones: [await parseZone(text, zone, name)] };
  }
  // iptables-save prints nothing at all where no table was ever touched.
  if (first === "*" || first === "#" || first === ":") {
    const save = parseIptablesSave(text, name, await readPortNames());
    refuseUnloadable(save, name);
    return { ...none, iptables: [{ name, family, save }] };
  }
  throw new DoctorInputError(
    `${name}: must be what iptables-save or "nft -j list ruleset" prints, or a zone's XML file of firewalld`,
  );
}

async function gatherIptables(
  run: RunCommand,
  command: "iptables-save" | "ip6tables-save",
  portNames: PortNames,
  gaps: Gap[],
): Promise<IptablesSource | null> {
  const family = command === "iptables-save" ? "ipv4" : "ipv6";
  const outcome = await run(command, []);
  const gap = gapOf(command, outcome, family);
  if (outcome.kind === "failed" || gap !== null) {
    if (gap !== null) gaps.push(gap);
    return null;
  }
  return { name: command, family, save: parseIptablesSave(outcome.stdout, command, portNames) };
}

async function gatherNft(run: RunCommand, gaps: Gap[]): Promise<FirewallFacts["nft"]> {
  const outcome = await run("nft", ["-j", "list", "ruleset"]);
  const gap = gapOf("nft", outcome, null);
  if (outcome.kind === "failed" || gap !== null) {
    if (gap !== null) gaps.push(gap);
    return null;
  }
  const written = await run("nft", ["-a", "list", "ruleset"]);
  const texts = parseNftTexts(written.kind === "ran" ? written.stdout : "");
  return { name: "nft", rules: { ...parseNft(outcome.stdout, "nft -j list ruleset"), texts } };
}

function gapOf(command: string, outcome: CommandOutcome, family: Family | null): Gap | null {
  if (outcome.kind === "failed") {
    return { family, why: outcome.why, isInstalled: !outcome.why.endsWith("is not installed") };
  }
  if (outcome.status === 0) return null;
  const why = whyStatus(command, outcome.status, outcome.stderr);
  return { family, why, isInstalled: true };
}

async function gatherSaved(portNames: PortNames): Promise<IptablesSource | null> {
  const text = await readFile(SAVED_RULES, "utf8").catch(() => null);
  if (text === null) return null;
  const save = parseIptablesSave(text, SAVED_RULES, portNames);
  refuseUnloadable(save, SAVED_RULES);
  return { name: SAVED_RULES, family: "ipv4", save };
}
