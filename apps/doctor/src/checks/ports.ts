import { readFile } from "node:fs/promises";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { listenersOn } from "../host/listeners.ts";
import { consoleProcessOf, holdersOf } from "../host/processes.ts";
import { unitNameOf } from "../host/units.ts";
import { serversOf, usedProxiesOf, type CheckContext, type PortFacts } from "./context.ts";
import { judgePredecessor } from "./predecessors.ts";

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
export function checkPorts({ ports, units }: CheckContext): Result[] {
  return ports.map((each) => judgePort(each, unitNameOf(units, each.place.program)));
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
