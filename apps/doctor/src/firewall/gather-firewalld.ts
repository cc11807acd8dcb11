import { readFile } from "node:fs/promises";
import type { OuterInterfaces } from "../host/interfaces.ts";
import type { RunCommand } from "../run-command.ts";
import { parseListAll, parseService, type ServicePorts, type Zone } from "./firewalld.ts";
import type { FirewallFacts, Gap } from "./gather.ts";

const SERVICE_DIRECTORIES = ["/etc/firewalld/services", "/usr/lib/firewalld/services"];
/** Services within services: firewalld has a few of two levels. */
const MOST_INCLUDES = 32;

/** Finds what ports a service of firewalld has, with those of services that it includes. */
export function servicePortsOf(directories = SERVICE_DIRECTORIES): ServicePorts {
  return async (service) => {
    const ports: string[] = [];
    const names = [service];
    for (const name of names) {
      const own = await readService(name, directories);
      if (own === null) return null;
      ports.push(...own.ports);
      const others = own.includes.filter((each) => !names.includes(each));
      if (names.length + others.length > MOST_INCLUDES) return null;
      names.push(...others);
    }
    return ports;
  };
}

async function readService(
  name: string,
  directories: readonly string[],
): Promise<Awaited<ReturnType<typeof parseService>> | null> {
  if (!/^[\w.@-]+$/.test(name)) return null;
  for (const directory of directories) {
    const path = `${directory}/${name}.xml`;
    const text = await readFile(path, "utf8").catch(() => null);
    // firewalld passes over a file that it cannot read, and so does this.
    if (text !== null) return parseService(text, path).catch(() => null);
  }
  return null;
}

/** Asks a firewalld that runs for the zones that packets meet. */
export async function gatherZones(
  run: RunCommand,
  { main: mainInterface, all }: OuterInterfaces,
  gaps: Gap[],
): Promise<Pick<FirewallFacts, "zones" | "mainZone">> {
  const state = await run("firewall-cmd", ["--state"]);
  if (state.kind === "failed" || state.status !== 0) return { zones: null, mainZone: null };
  const [active, fallback] = await Promise.all([
    run("firewall-cmd", ["--get-active-zones"]),
    run("firewall-cmd", ["--get-default-zone"]),
  ]);
  const listed = active.kind === "ran" ? active.stdout.split("\n") : [];
  const names = new Set(listed.filter((line) => /^\S/.test(line)).map(firstWord));
  const zones = await readZones([...names], run, gaps);
  const defaultZone = fallback.kind === "ran" ? fallback.stdout.trim() : "";
  const bound = zones.flatMap(({ interfaces }) => interfaces);
  const isUsed = names.size === 0 || all.some((name) => !bound.includes(name));
  // Where an interface is in no zone, it is in this one.
  if (isUsed && defaultZone !== "" && !names.has(defaultZone)) {
    zones.push(...(await readZones([defaultZone], run, gaps)));
  }
  const main = zones.find(({ interfaces }) => interfaces.includes(mainInterface ?? ""))?.name;
  return { zones, mainZone: main ?? (defaultZone === "" ? null : defaultZone) };
}

async function readZones(names: readonly string[], run: RunCommand, gaps: Gap[]): Promise<Zone[]> {
  const zones = await Promise.all(
    names.map(async (name) => {
      const listed = await run("firewall-cmd", [`--zone=${name}`, "--list-all"]);
      const zone = listed.kind === "ran" ? parseListAll(listed.stdout) : null;
      if (zone === null) {
        const why = `firewall-cmd does not tell what zone ${name} has`;
        gaps.push({ family: null, why, isInstalled: true });
      }
      return zone;
    }),
  );
  return zones.filter((zone) => zone !== null);
}

function firstWord(line: string): string {
  return line.split(/\s/, 1)[0] ?? "";
}
