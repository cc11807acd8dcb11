import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";

/** Interfaces by which packets of other machines come in. */
export interface OuterInterfaces {
  /** That of the default route, or the only one; null if neither is known. */
  readonly main: string | null;
  readonly all: readonly string[];
}

/** Finds the interfaces of this host that have an address and are not loopback. @see /proc/net/route in proc_pid_net(5) */
export async function findOuterInterfaces(): Promise<OuterInterfaces> {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.some(({ internal }) => !internal) ? [name] : [],
  );
  const table = await readFile("/proc/net/route", "utf8").catch(() => "");
  const words = table.split("\n").map((line) => line.split(/\s+/));
  // Of several default routes, the one with the lowest metric counts.
  const [best] = words
    .filter(([, destination, , , , , , mask]) => destination === "00000000" && mask === "00000000")
    .sort((one, other) => Number(one[6]) - Number(other[6]));
  const [only, ...others] = all;
  return { main: best?.[0] ?? (others.length === 0 ? (only ?? null) : null), all };
}
