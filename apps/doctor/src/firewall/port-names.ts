import { readFile } from "node:fs/promises";

/** Numbers of TCP ports by name, aliases included. */
export type PortNames = ReadonlyMap<string, number>;

/** Reads the names that rules may have instead of numbers; empty where there is no such file. @see services(5) */
export async function readPortNames(file = "/etc/services"): Promise<PortNames> {
  return parsePortNames(await readFile(file, "utf8").catch(() => ""));
}

/** Reads the text of `/etc/services`. The first line of a name counts, as in the C library. */
function parsePortNames(text: string): PortNames {
  const names = new Map<string, number>();
  for (const raw of text.split("\n")) {
    const [name = "", place = "", ...aliases] = raw.replace(/#.*/, "").trim().split(/\s+/);
    const port = /^(\d{1,5})\/tcp$/.exec(place)?.[1];
    if (port === undefined) continue;
    for (const each of [name, ...aliases]) if (!names.has(each)) names.set(each, Number(port));
  }
  return names;
}
