import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, readdir, readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { ConfigError, type LoadedConfig } from "@nova-console/config";
import { whyStatus, type RunCommand } from "../run-command.ts";
import {
  FACTS_SCHEMA,
  FACTS_VERSION,
  isMissing,
  type HostFacts,
  type InterfaceAddress,
  type Missing,
  type MultipathFacts,
  type VncFacts,
} from "./facts.ts";
import { parseCapabilities, type Capabilities } from "./libvirt-capabilities.ts";
import { parseFriendlyNames, parseMultipathList } from "./multipath.ts";

/** What facts are gathered with. */
export interface FactSources {
  readonly run: RunCommand;
  readonly now: () => number;
  /** libvirt's URI. */
  readonly connect: string;
  /** Names of other hosts to resolve here. */
  readonly peers: readonly string[];
  /** @throws as `loadConfig` */
  readonly loadConfig: () => LoadedConfig;
}

/** Users that own files of instances; which of QEMU's there is depends on the distribution. */
const USERS = ["nova", "qemu", "libvirt-qemu", "libvirt"];
const GROUPS = ["nova", "qemu", "libvirt-qemu", "libvirt", "kvm"];
const QEMU_ARCHITECTURES: Partial<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };
const QEMU_SYSTEM = `qemu-system-${QEMU_ARCHITECTURES[process.arch] ?? process.arch}`;
const MULTIPATH_CONF = "/etc/multipath.conf";

/** Looks at this compute host. What cannot be found out becomes a fact with its reason. */
export async function gatherFacts(sources: FactSources): Promise<HostFacts> {
  const { run, now, connect, peers } = sources;
  const [names, id, capabilities, libvirt, qemu, device, users, groups, multipath] =
    await Promise.all([
      gatherNames(run),
      machineId(),
      gatherCapabilities(run, connect),
      firstLine(run, "virsh", ["-c", connect, "version"], /libvirt [\d.]+/),
      gatherQemu(run),
      access("/dev/kvm", constants.F_OK).then(
        () => true,
        () => false,
      ),
      gatherUsers(run),
      gatherGroups(run),
      gatherMultipath(run),
    ]);
  const [own = hostname()] = names;
  const resolved = Object.fromEntries(
    await Promise.all(
      [...new Set([...names, ...peers])].map(
        async (name) => [name, await resolveName(run, name)] as const,
      ),
    ),
  );
  return {
    schema: FACTS_SCHEMA,
    version: FACTS_VERSION,
    gathered: new Date(now()).toISOString(),
    host: { name: own, names, id },
    addresses: gatherAddresses(),
    resolved: { ...(await hostsFile(run)), ...resolved },
    cpu: isMissing(capabilities) ? capabilities : capabilities.cpu,
    virtualisation: {
      libvirt: isMissing(capabilities) ? capabilities : libvirt,
      kvm_domains: isMissing(capabilities) ? capabilities : capabilities.kvmDomains,
      kvm_device: device,
      qemu,
    },
    users,
    groups,
    multipath,
    vnc: gatherVnc(sources.loadConfig),
  };
}

async function gatherNames(run: RunCommand): Promise<string[]> {
  const full = await run("hostname", ["-f"]);
  const names = [hostname(), full.kind === "ran" && full.status === 0 ? full.stdout.trim() : ""];
  return [...new Set(names.filter((name) => name !== "" && name !== "localhost"))];
}

/** Two files of one machine have the same; which machine it is cannot be told from it. @see machine-id(5) */
async function machineId(): Promise<string | null> {
  const text = await readFile("/etc/machine-id", "utf8").catch(() => "");
  if (text.trim() === "") return null;
  return createHash("sha256").update(`nova-console ${text.trim()}`).digest("hex").slice(0, 16);
}

async function gatherCapabilities(
  run: RunCommand,
  connect: string,
): Promise<Capabilities | Missing> {
  const outcome = await run("virsh", ["-c", connect, "capabilities"]);
  if (outcome.kind === "failed") return { missing: outcome.why };
  if (outcome.status !== 0)
    return { missing: whyStatus("virsh capabilities", outcome.status, outcome.stderr) };
  return parseCapabilities(outcome.stdout);
}

async function gatherQemu(run: RunCommand): Promise<string | Missing> {
  // RHEL's is no command of the PATH.
  for (const command of ["/usr/libexec/qemu-kvm", QEMU_SYSTEM, "qemu-kvm"]) {
    const found = await firstLine(run, command, ["--version"], /version [\d.]+/);
    if (!isMissing(found)) return found;
  }
  return { missing: "no QEMU is installed" };
}

async function firstLine(
  run: RunCommand,
  command: string,
  args: readonly string[],
  pattern: RegExp,
): Promise<string | Missing> {
  const outcome = await run(command, args);
  if (outcome.kind === "failed") return { missing: outcome.why };
  if (outcome.status !== 0) return { missing: whyStatus(command, outcome.status, outcome.stderr) };
  return pattern.exec(outcome.stdout)?.[0] ?? outcome.stdout.split("\n", 1)[0]?.slice(0, 100) ?? "";
}

function gatherAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address, cidr, internal }) =>
      internal || cidr === null
        ? []
        : [{ interface: name, address, prefix: Number(cidr.split("/")[1]) }],
    ),
  );
}

async function resolveName(run: RunCommand, name: string): Promise<readonly string[] | Missing> {
  if (!/^[\w.:-]{1,253}$/.test(name) || name.startsWith("-")) return { missing: "is no host name" };
  const outcome = await run("getent", ["ahosts", name]);
  if (outcome.kind === "failed") return { missing: outcome.why };
  if (outcome.status !== 0) return { missing: "the name does not resolve" };
  const addresses = outcome.stdout.split("\n").flatMap((line) => /^(\S+)\s/.exec(line)?.[1] ?? []);
  return [...new Set(addresses)];
}

/** What /etc/hosts has, which `getent hosts` lists without a name. */
async function hostsFile(run: RunCommand): Promise<Record<string, readonly string[]>> {
  const outcome = await run("getent", ["hosts"]);
  if (outcome.kind === "failed") return {};
  const found: Record<string, string[]> = {};
  for (const line of outcome.stdout.split("\n").slice(0, 5_000)) {
    const [address, ...names] = line.trim().split(/\s+/);
    if (address === undefined || address === "") continue;
    for (const name of names) {
      // A file of somebody may hold any name.
      if (Object.hasOwn(found, name)) found[name]?.push(address);
      else if (name !== "__proto__") found[name] = [address];
    }
  }
  return found;
}

async function gatherUsers(run: RunCommand): Promise<HostFacts["users"]> {
  const found = await run("getent", ["passwd", ...USERS]);
  if (found.kind === "failed") return [];
  return found.stdout.split("\n").flatMap((line) => {
    const [name = "", , uid = "", gid = ""] = line.split(":");
    return /^\d+$/.test(uid) && /^\d+$/.test(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid) }]
      : [];
  });
}

async function gatherGroups(run: RunCommand): Promise<HostFacts["groups"]> {
  const found = await run("getent", ["group", ...GROUPS]);
  if (found.kind === "failed") return [];
  return found.stdout.split("\n").flatMap((line) => {
    const [name = "", , gid = ""] = line.split(":");
    return /^\d+$/.test(gid) ? [{ name, gid: Number(gid) }] : [];
  });
}

async function gatherMultipath(run: RunCommand): Promise<MultipathFacts | Missing> {
  const listed = await run("multipath", ["-ll"]);
  if (listed.kind === "failed") return { missing: listed.why };
  if (listed.status !== 0 && listed.stdout === "") {
    const devices = whyStatus("multipath -ll", listed.status, `${listed.stderr}${listed.stdout}`);
    return { missing: devices };
  }
  const shown = await run("multipathd", ["show", "config"]);
  const text =
    shown.kind === "ran" && /user_friendly_names/.test(shown.stdout)
      ? shown.stdout
      : await readMultipathConf();
  return {
    devices: parseMultipathList(listed.stdout),
    // Where no section says, multipath's own default counts, which is no.
    user_friendly_names: text === null ? null : (parseFriendlyNames(text) ?? false),
  };
}

/** The file and those of its folder, which are read after it. @returns null if one cannot be read */
async function readMultipathConf(): Promise<string | null> {
  const more = await readdir(`${MULTIPATH_CONF.replace(/\.conf$/, "")}/conf.d`).catch(() => []);
  const files = more.filter((name) => name.endsWith(".conf")).sort();
  const texts = await Promise.all(
    [MULTIPATH_CONF, ...files.map((name) => `/etc/multipath/conf.d/${name}`)].map((file) =>
      readFile(file, "utf8").catch((error: unknown) =>
        error instanceof Error && "code" in error && error.code === "ENOENT" ? "" : null,
      ),
    ),
  );
  return texts.includes(null) ? null : texts.join("\n");
}

function gatherVnc(load: () => LoadedConfig): VncFacts | Missing {
  try {
    const { values, sources } = load();
    return {
      server_listen: values.vnc.server_listen,
      server_proxyclient_address: values.vnc.server_proxyclient_address,
      server_listen_source: sources["vnc.server_listen"] ?? "default",
      server_proxyclient_address_source: sources["vnc.server_proxyclient_address"] ?? "default",
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { missing: error.message.split("\n", 1)[0] ?? "nova.conf cannot be read" };
  }
}
