import { join } from "node:path";
import type { Target } from "../load/target.ts";
import { Child } from "../proc/child.ts";
import { freePort } from "../proc/free-port.ts";
import type { Peer, Surroundings } from "./peer.ts";

type CommandLine = readonly [string, ...string[]];

/** How a peer made of programs is started. */
export interface Plan {
  readonly commands: readonly CommandLine[];
  readonly targets: readonly [Target, Target];
}

/**
 * Starts a peer's programs and waits until they listen.
 *
 * @param plan - gets two free ports
 */
export async function spawnPeer(
  { directory }: Surroundings,
  plan: (ports: readonly [number, number]) => Promise<Plan> | Plan,
): Promise<Peer> {
  const { commands, targets } = await plan([await freePort(), await freePort()]);
  const children: Child[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  };
  try {
    for (const command of commands)
      children.push(await Child.start(command, join(directory, "log")));
    for (const { port } of targets) {
      await Promise.any(children.map((child) => child.accepting(port)));
    }
  } catch (error) {
    await dispose();
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
  return {
    pids: children.map(({ pid }) => pid),
    targets,
    [Symbol.asyncDispose]: dispose,
  };
}
