import type { Protocol, Target } from "../load/target.ts";
import { sessionsThatFit } from "../proc/open-files.ts";

/** What a peer needs to start. */
export interface Surroundings {
  /** Ports of two VNC servers on 127.0.0.1: the one that is measured, and one for what runs beside. */
  readonly backendPorts: readonly [number, number];
  /** An empty folder of its own. */
  readonly directory: string;
  /** Certificate and key for 127.0.0.1, both in one file. */
  readonly pemPath: string;
}

/** Something that is measured: a proxy, or none at all. */
export interface PeerSpec {
  readonly name: string;
  readonly protocol: Protocol;
  readonly tls: boolean;
  /** Most sessions that are asked of it: what needs a process for each would fill the memory. */
  readonly maxSessions: number;
  /** Whether it is measured only when it is named. */
  readonly onRequest?: boolean;
  /** What is missing to run it; null if nothing is. */
  missing(): string | null;
  start(surroundings: Surroundings): Promise<Peer>;
}

/** A peer that runs. */
export interface Peer extends AsyncDisposable {
  /** The processes it was started as; what they started counts as well. Empty for `direct`. */
  readonly pids: readonly number[];
  /** Leads to the first VNC server, and to the second. */
  readonly targets: readonly [Target, Target];
}

/** Sessions of one process without a limit of its own but that of open files. */
export const MANY_SESSIONS = Math.min(10_000, sessionsThatFit());

/** A target on 127.0.0.1. */
export function targetOf(
  { protocol, tls }: Pick<PeerSpec, "protocol" | "tls">,
  port: number,
  tokens: readonly string[] = [""],
): Target {
  return { protocol, tls, host: "127.0.0.1", port, tokens };
}
