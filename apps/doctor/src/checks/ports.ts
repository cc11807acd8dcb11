import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { listenersOn } from "../host/listeners.ts";
import { consoleProcessOf, holdersOf } from "../host/processes.ts";
import { unitNameOf, type Unit } from "../host/units.ts";
import { isLoopbackHost } from "../host/url-host.ts";
import {
  serversOf,
  usedProxiesOf,
  type CheckContext,
  type PortFacts,
  type ProxyPlace,
} from "./context.ts";
import { judgePredecessor } from "./predecessors.ts";

const ANY = ["0.0.0.0", "::", ""];

/** Finds who listens on the ports of the proxies. */
export async function gatherPorts(
  context: Pick<CheckContext, "novnc" | "xvp" | "processes" | "uses">,
): Promise<PortFacts[]> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "utf8").catch(() => null)),
  );
  const isKnown = tables.some((table) => table !== null);
  return Promise.all(
    usedProxiesOf(context).map(async (place): Promise<PortFacts> => {
      const inodes = new Set(
        tables.flatMap((table) => listenersOn(table ?? "", place.port, place.host)),
      );
      const holders = inodes.size === 0 ? [] : await holdersOf(inodes, context.processes);
      return { place, isListenedOn: isKnown ? inodes.size > 0 : null, holders };
    }),
  );
}

/** Says who has the ports of the proxies. */
export async function checkPorts({ ports, units }: CheckContext): Promise<Result[]> {
  const [mayBindAny, firstFree] = await Promise.all([
    readNumber("/proc/sys/net/ipv4/ip_nonlocal_bind", 0),
    readNumber("/proc/sys/net/ipv4/ip_unprivileged_port_start", 1024),
  ]);
  const addresses = Object.values(networkInterfaces()).flatMap((own) =>
    (own ?? []).map(({ address }) => address),
  );
  const host = { addresses, mayBindAny: mayBindAny === 1, firstFree };
  const known = units.kind === "known" ? units.units : [];
  const impossible = ports.flatMap(({ place }) =>
    judgePlace(place, host, known.find(({ program }) => program === place.program) ?? null),
  );
  if (impossible.length > 0) return impossible;
  const [one, other] = ports.map(({ place }) => place);
  if (one !== undefined && other !== undefined && meet(one, other)) {
    const what = `port ${one.port} is to be both ${one.program}'s and ${other.program}'s`;
    return [finding("port-held-by-other", what, [`in nova.conf: ${other.portOption} = 6081`])];
  }
  return ports.map((each) => judgePort(each, unitNameOf(units, each.place.program)));
}

/** Says why a program cannot listen where nova.conf has it listen. */
export function judgePlace(
  { program, host, port, portOption }: Omit<ProxyPlace, "loaded">,
  here: {
    readonly addresses: readonly string[];
    /** `ip_nonlocal_bind`. */
    readonly mayBindAny: boolean;
    /** `ip_unprivileged_port_start`. */
    readonly firstFree: number;
  },
  unit: Unit | null,
): Result[] {
  // systemd listens for it, as root and where the socket unit says.
  if (unit?.hasSocket === true) return [];
  const isOwn = isIP(host) === 0 || ANY.includes(host) || isLoopbackHost(host);
  if (!isOwn && !here.mayBindAny && !here.addresses.includes(canonical(host))) {
    const option = portOption.replace(/_port$/, "_host");
    return [
      finding("listen-address-missing", `${option} is ${host}, and this host has no such address`, [
        "ip -brief addr    (a virtual address is where the load balancer is active)",
        `in nova.conf: ${option} = 0.0.0.0, or: sysctl net.ipv4.ip_nonlocal_bind=1`,
      ]),
    ];
  }
  const capabilities = unit?.shown.get("AmbientCapabilities");
  if (unit === null || capabilities === undefined || port >= here.firstFree) return [];
  if (capabilities.includes("cap_net_bind_service")) return [];
  return [
    finding(
      "port-privileged",
      `${portOption} is ${port}, and ${unit.name} may not have ports below ${here.firstFree}`,
      [
        `systemctl edit ${unit.name}    (and write: [Service] AmbientCapabilities=CAP_NET_BIND_SERVICE and CapabilityBoundingSet=CAP_NET_BIND_SERVICE)`,
        `or: systemctl enable --now ${unit.name}.socket, with its ListenStream; or, in nova.conf, ${portOption} = ${program === "nova-novncproxy" ? 6080 : 6081}`,
      ],
    ),
  ];
}

/** As the kernel and Node.js write it. */
function canonical(host: string): string {
  if (isIP(host) !== 6 || !URL.canParse(`http://[${host}]`)) return host;
  return new URL(`http://[${host}]`).hostname.slice(1, -1);
}

function meet(one: ProxyPlace, other: ProxyPlace): boolean {
  if (one.port !== other.port) return false;
  return one.host === other.host || ANY.includes(one.host) || ANY.includes(other.host);
}

async function readNumber(file: string, otherwise: number): Promise<number> {
  const text = await readFile(file, "utf8").catch(() => "");
  return /^\d+$/.test(text.trim()) ? Number(text) : otherwise;
}

/** Says whether a port is free, ours, or somebody else's. */
export function judgePort(facts: PortFacts, unit: string): Result {
  const { place, isListenedOn, holders } = facts;
  const { program, port, portOption } = place;
  if (isListenedOn === null) {
    return notChecked(`${port}: there is no /proc/net/tcp that tells who listens`);
  }
  if (!isListenedOn) return fine(`${port} is free; ${program} does not run`);
  if (holders.length === 0) {
    return fine(`${port} is listened on; only root can see by whom`);
  }
  if (serversOf(facts).length > 0) return fine(`${port} is held by ${program}`);
  // A socket unit is held by systemd until the service takes it.
  const [first] = holders.filter(({ pid }) => pid !== 1);
  if (first === undefined) return fine(`${port} is held by systemd, for ${program}`);
  const known = consoleProcessOf(first);
  if (known?.maker === "python") return judgePredecessor(known, port, unit);
  const who = known === null ? first.comm : known.program;
  return finding(
    "port-held-by-other",
    `port ${port} of ${program} is held by ${who} (pid ${first.pid})`,
    [
      `ps -fp ${first.pid}    (which service is it? then: systemctl stop UNIT)`,
      `or another port: ${portOption} in nova.conf`,
    ],
  );
}
