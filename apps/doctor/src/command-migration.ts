import { realpath } from "node:fs/promises";
import type { ToolContext } from "@nova-console/service";
import { DoctorInputError } from "./errors.ts";
import type { HostFacts } from "./facts/facts.ts";
import { gatherFacts } from "./facts/gather.ts";
import { readFacts } from "./facts/read-facts.ts";
import type { Result } from "./finding.ts";
import { checkKvm } from "./migration/kvm.ts";
import { checkMultipath } from "./migration/multipath.ts";
import { checkNames } from "./migration/names.ts";
import type { Pair } from "./migration/pair.ts";
import { checkProcessor } from "./migration/processor.ts";
import { checkSubnet } from "./migration/subnet.ts";
import { checkUsers } from "./migration/users.ts";
import { checkVnc } from "./migration/vnc.ts";
import type { Report } from "./report.ts";
import { runCommand } from "./run-command.ts";

const checks: readonly [name: string, check: (pair: Pair) => Result[]][] = [
  ["subnet", checkSubnet],
  ["processor", checkProcessor],
  ["names", checkNames],
  ["users", checkUsers],
  ["KVM", checkKvm],
  ["multipath", checkMultipath],
  ["VNC addresses", checkVnc],
];

const SYSTEM_LIBVIRT = "qemu:///system";

/** Gathers the facts of this compute host. */
export function gatherHostFacts({
  args,
  environment,
  loadConfig,
}: ToolContext): Promise<HostFacts> {
  const { connect, peer } = args;
  return gatherFacts({
    run: (command, words) => runCommand(command, words, environment),
    now: Date.now,
    connect: typeof connect === "string" ? connect : SYSTEM_LIBVIRT,
    peers: Array.isArray(peer) ? peer.filter((name) => typeof name === "string") : [],
    loadConfig: () => loadConfig("nova-compute"),
  });
}

/** Compares the facts of two hosts. */
export async function examineMigration({ args }: ToolContext): Promise<Report> {
  const { source: from = "", destination: to = "" } = args;
  const files = [String(from), String(to)] as const;
  const [source, destination] = await Promise.all([readFacts(files[0]), readFacts(files[1])]);
  await refuseSameHost(files, { source, destination });
  return compareHosts({ source, destination });
}

/** Says whether an instance may go from one to the other. */
function compareHosts(pair: Pair): Report {
  return {
    command: "migration",
    subject: `${pair.source.host.name} -> ${pair.destination.host.name}`,
    checks: checks.map(([name, check]) => ({ check: name, results: check(pair) })),
  };
}

async function refuseSameHost(
  files: readonly [string, string],
  { source, destination }: Pair,
): Promise<void> {
  const [first, second] = await Promise.all(files.map((file) => realpath(file)));
  if (first === second) {
    throw new DoctorInputError(
      `${files[0]} and ${files[1]} are one file: the facts of two hosts are compared`,
    );
  }
  const sameMachine = source.host.id !== null && source.host.id === destination.host.id;
  if (sameMachine || source.host.name === destination.host.name) {
    const what = sameMachine ? "machine" : `name (${source.host.name})`;
    throw new DoctorInputError(
      `${files[0]} and ${files[1]} are of the same ${what}: the facts of two hosts are compared`,
    );
  }
}
