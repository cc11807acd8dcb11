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
 * Finds user_friendly_names in the defaults of multipath.conf, or of what `multipathd show config` prints.
 *
 * @returns null if it does not say
 * @see multipath.conf(5)
 */
export function parseFriendlyNames(text: string): boolean | null {
  let section: string | null = null;
  let depth = 0;
  let found: boolean | null = null;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/[#!].*$/, "").trim();
    const opened = /^(\w+)\s*\{/.exec(line)?.[1];
    if (opened !== undefined) {
      if (depth === 0) section = opened;
      depth += 1;
    }
    const value = /(?:^|\{)\s*user_friendly_names\s+"?(\w+)"?/.exec(line)?.[1];
    if (value !== undefined && section === "defaults" && depth === 1) {
      found = ["yes", "on", "1"].includes(value.toLowerCase());
    }
    if (line.endsWith("}")) depth = Math.max(0, depth - 1);
  }
  return found;
}
