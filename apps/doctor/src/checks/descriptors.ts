import { readFile } from "node:fs/promises";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { unitNameOf } from "../host/units.ts";
import type { RunCommand } from "../run-command.ts";
import { serversOf, type CheckContext, type PortFacts, type ProxyPlace } from "./context.ts";

/** How many files a proxy may open, and how many it needs. */
export interface DescriptorFacts {
  readonly program: ProxyPlace["program"];
  /** Hard limit: Node.js raises the soft one to it. Infinity for none. */
  readonly limit: number;
  /** `pid 812`, `openstack-nova-novncproxy.service`. */
  readonly of: string;
  readonly maxSessions: number;
  /** Most connections that are no session with a valid token. */
  readonly maxWithoutToken: number;
  readonly workers: number;
  /** Whether somebody has set one of the limits: the defaults are more than most hosts will see. */
  readonly isAsked: boolean;
  readonly unit: string;
}

const LIMITS = ["max_sessions", "max_connections_without_token"];
/** Files that are enough where nobody has asked for more. */
const USUAL_FILES = 4_096;
/** A viewer's and a backend's socket. */
const PER_SESSION = 2;
/** Log, store, listener, admin address. */
const BESIDE_CONNECTIONS = 512;

/** Compares the limits of the processes, or of their units, with those of sessions and connections. */
export async function checkDescriptors(context: CheckContext): Promise<Result[]> {
  const results = await Promise.all(
    context.ports.map(async (facts) => {
      const { place } = facts;
      const found = await findLimit(context.run, facts);
      if (found === null) return [];
      const own = place.loaded.values.console_proxy;
      return [
        judgeDescriptors({
          ...{ program: place.program, ...found, workers: own.workers },
          unit: unitNameOf(context.units, place.program),
          isAsked: LIMITS.some(
            (name) => place.loaded.sources[`console_proxy.${name}`] !== "default",
          ),
          maxSessions: own.max_sessions,
          maxWithoutToken: own.max_connections_without_token,
        }),
      ];
    }),
  );
  const all = results.flat();
  return all.length > 0
    ? all
    : [notChecked("no proxy runs, and no unit says what its limit will be")];
}

/** Says whether all sessions fit. Workers have their own limits, and a connection goes to any of them. */
export function judgeDescriptors(facts: DescriptorFacts): Result {
  const { program, limit, of, maxSessions, maxWithoutToken, workers, unit } = facts;
  const sessions = Math.ceil(maxSessions / workers);
  const beside = Math.ceil(maxWithoutToken / workers) + BESIDE_CONNECTIONS;
  const needed = sessions * PER_SESSION + beside;
  const each = workers > 1 ? ` in each of ${workers} workers` : "";
  if (limit >= needed) return fine(`${program}: ${limit} open files allowed (${of})`);
  if (!facts.isAsked && limit >= USUAL_FILES) {
    const most = Math.floor((limit - BESIDE_CONNECTIONS) / PER_SESSION) * workers;
    return fine(`${program}: ${limit} open files allowed (${of}), enough for ${most} sessions`);
  }
  return finding(
    "descriptors-too-few",
    `${program} may open ${limit} files (${of}); ${maxSessions} sessions and ${maxWithoutToken} connections without a token need ${needed}${each}`,
    [
      `systemctl edit ${unit}    (and write: [Service] LimitNOFILE=${roundUp(needed)})`,
      `systemctl restart ${unit}`,
      `or in nova.conf: [console_proxy] max_sessions = ${Math.max(1, Math.floor((limit - beside) / PER_SESSION) * workers)}`,
    ],
  );
}

/** Hard limit of open files. @see proc_pid_limits(5) */
export function parseLimits(text: string): number | null {
  const match = /^Max open files\s+\S+\s+(\S+)/m.exec(text);
  if (match === null) return null;
  return match[1] === "unlimited" ? Infinity : Number(match[1]);
}

async function findLimit(
  run: RunCommand,
  facts: PortFacts,
): Promise<{ readonly limit: number; readonly of: string } | null> {
  const { program } = facts.place;
  for (const { pid } of serversOf(facts)) {
    const limit = parseLimits(await readFile(`/proc/${pid}/limits`, "utf8").catch(() => ""));
    if (limit !== null) return { limit, of: `pid ${pid}` };
  }
  for (const unit of [`openstack-${program}.service`, `${program}.service`]) {
    const shown = await run("systemctl", ["show", unit, "-p", "LoadState,LimitNOFILE"]);
    if (shown.kind !== "ran" || !shown.stdout.includes("LoadState=loaded")) continue;
    const text = /^LimitNOFILE=(\S+)/m.exec(shown.stdout)?.[1];
    if (text !== undefined)
      return { limit: text === "infinity" ? Infinity : Number(text), of: unit };
  }
  return null;
}

function roundUp(files: number): number {
  return 2 ** Math.ceil(Math.log2(files));
}
