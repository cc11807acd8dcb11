import type { LoadedConfig } from "@nova-console/config";
import {
  consoleProcessOf,
  type ConsoleProcess,
  type ConsoleProgram,
  type ProcessFacts,
} from "../host/processes.ts";
import type { ServiceUser } from "../host/service-user.ts";
import type { Units } from "../host/units.ts";
import type { RunCommand } from "../run-command.ts";

/** What a check may ask of the host. */
export interface HostContext {
  readonly run: RunCommand;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** null: there is no such user here. */
  readonly user: ServiceUser | null;
  readonly userName: string;
  readonly processes: readonly ProcessFacts[];
  readonly units: Units;
  /** Programs that are installed here and not switched off. */
  readonly uses: ReadonlySet<ConsoleProgram>;
}

/** What a check of a host with a configuration that can be used may ask. */
export interface CheckContext extends HostContext {
  readonly novnc: LoadedConfig;
  readonly xvp: LoadedConfig;
  readonly consoleauth: LoadedConfig;
  /** Whether this host belongs to a cloud: nova's services, a broker or a database server are configured. */
  readonly inCloud: boolean;
  /** `HOST[:PORT]` of `--compute`. */
  readonly computes: readonly string[];
  /** Who has the ports of the proxies. */
  readonly ports: readonly PortFacts[];
}

/** Who has a port. */
export interface PortFacts {
  readonly place: ProxyPlace;
  /** null: the kernel does not tell. */
  readonly isListenedOn: boolean | null;
  /** Empty if nobody, or if this user may not see who. */
  readonly holders: readonly ProcessFacts[];
}

/** One proxy and its port. */
export interface ProxyPlace {
  readonly program: "nova-novncproxy" | "nova-xvpvncproxy";
  readonly loaded: LoadedConfig;
  readonly host: string;
  readonly port: number;
  readonly portOption: string;
}

/** Both proxies. */
function proxiesOf({
  novnc,
  xvp,
}: Pick<CheckContext, "novnc" | "xvp">): readonly [ProxyPlace, ProxyPlace] {
  return [
    {
      program: "nova-novncproxy",
      loaded: novnc,
      host: novnc.values.vnc.novncproxy_host,
      port: novnc.values.vnc.novncproxy_port,
      portOption: "[vnc] novncproxy_port",
    },
    {
      program: "nova-xvpvncproxy",
      loaded: xvp,
      host: xvp.values.vnc.xvpvncproxy_host,
      port: xvp.values.vnc.xvpvncproxy_port,
      portOption: "[vnc] xvpvncproxy_port",
    },
  ];
}

/** The proxies that this host uses. */
export function usedProxiesOf(
  context: Pick<CheckContext, "novnc" | "xvp" | "uses">,
): readonly ProxyPlace[] {
  return proxiesOf(context).filter(({ program }) => context.uses.has(program));
}

/** Processes of ours that serve at a proxy's port. */
export function serversOf({ holders, place }: PortFacts): readonly ConsoleProcess[] {
  return holders
    .map(consoleProcessOf)
    .filter((each) => each?.maker === "ours" && each.program === place.program)
    .filter((each) => each !== null);
}

/** Whether ours serves at its port; if this user may not see who does, it is taken for ours. */
export function runs({ ports }: CheckContext, program: ProxyPlace["program"]): boolean {
  return ports.some(
    (facts) =>
      facts.place.program === program &&
      facts.isListenedOn === true &&
      (facts.holders.length === 0 || serversOf(facts).length > 0),
  );
}

/** A configuration with a broker, a database server or nova's API is a cloud's. */
export function isInCloud({ values }: LoadedConfig): boolean {
  const { DEFAULT, database, api_database, console_proxy } = values;
  return (
    (DEFAULT.transport_url ?? "") !== "" ||
    /^(mysql|mariadb|postgres)/i.test(database.connection ?? "") ||
    (api_database.connection ?? "") !== "" ||
    console_proxy.token_store === "nova_api" ||
    console_proxy.token_store === "consoleauth"
  );
}
