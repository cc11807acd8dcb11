import type { MultipathFacts } from "./facts.ts";

/**
 * Reads the devices that `multipath -ll` lists.
 *
 * ```
 * mpatha (360000000000000000e00000000010001) dm-0 IET,VIRTUAL-DISK
 * 360000000000000000e00000000010001 dm-0 IET,VIRTUAL-DISK
 * ```
 *
 * @see multipath(8)
 */
export function parseMultipathList(text: string): MultipathFacts["devices"] {
  return text.split("\n").flatMap((line) => {
    const match =
      /^(?:(?:create|reload|unchanged|rename|resize): )?(\S+)\s+(?:\(([^()\s]+)\)\s+)?(?:dm-\d+|undef)\b/.exec(
        line,
      );
    const name = match?.[1];
    return name === undefined ? [] : [{ name, wwid: match?.[2] ?? name }];
  });
}

/**
 * Finds user_friendly_names in multipath.conf, or in what `multipathd show config` prints: `overrides` outweighs the
 * sections of devices, and these the defaults.
 *
 * @returns whether any device may have a friendly name; null if no section says
 * @see multipath.conf(5)
 */
export function parseFriendlyNames(text: string): boolean | null {
  let section: string | null = null;
  let depth = 0;
  const found = new Map<string, boolean>();
  for (const raw of text.split("\n")) {
    const line = raw.replace(/[#!].*$/, "").trim();
    const opened = /^(\w+)\s*\{/.exec(line)?.[1];
    if (opened !== undefined) {
      if (depth === 0) section = opened;
      depth += 1;
    }
    const value = /(?:^|\{)\s*user_friendly_names\s+"?(\w+)"?/.exec(line)?.[1];
    if (value !== undefined && section !== null) {
      const isOn = ["yes", "on", "1"].includes(value.toLowerCase());
      // Each of several devices may be one that this host has.
      const before = section === "devices" && found.get(section) === true;
      found.set(section, before || isOn);
    }
    if (line.endsWith("}")) depth = Math.max(0, depth - 1);
  }
  const [overrides, devices, defaults] = ["overrides", "devices", "defaults"].map((name) =>
    found.get(name),
  );
  return overrides ?? (devices === true ? true : (defaults ?? devices ?? null));
}
