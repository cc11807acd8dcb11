import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import type { Unit } from "../host/units.ts";
import { logFileOf } from "./logs.ts";
import type { CheckContext } from "./context.ts";
import { sqliteFileOf } from "./token-store.ts";

/** A path that a service needs, and whether it writes there. */
export interface NeededPath {
  readonly what: string;
  readonly path: string;
  readonly writes: boolean;
}

const HOMES = ["/home", "/root", "/run/user"];
const TEMPORARY = ["/tmp", "/var/tmp"];
const SYSTEM = ["/usr", "/boot", "/efi"];

/** Looks whether the units themselves hide what nova.conf names: they may do so from root's programs as well. */
export function checkSandbox(context: CheckContext): Result[] {
  const { units } = context;
  if (units.kind === "unknown") return [notChecked(units.why)];
  const results = units.units
    .filter(({ program }) => context.uses.has(program))
    .flatMap((unit) => judgeSandbox(unit.name, unit.shown, neededBy(context, unit)));
  return results.length > 0 ? results : [fine("the units hide nothing that nova.conf names")];
}

/** Says which paths a unit's own settings keep from its service. @see systemd.exec(5) */
export function judgeSandbox(
  unit: string,
  shown: ReadonlyMap<string, string>,
  needed: readonly NeededPath[],
): Result[] {
  const home = shown.get("ProtectHome") ?? "no";
  const system = shown.get("ProtectSystem") ?? "no";
  const listed = (property: string, above = ""): string[] =>
    (shown.get(property) ?? "").split(" ").flatMap((word) => {
      // `-/optional`, `/from:/to:options`
      const [from = "", to = from] = word.replace(/^[-+]+/, "").split(":");
      return to === "" ? [] : [above + to];
    });
  const bound = listed("BindPaths");
  const writable = [
    ...[...listed("ReadWritePaths"), ...bound],
    ...[...listed("StateDirectory", "/var/lib/"), ...listed("LogsDirectory", "/var/log/")],
    ...[...listed("RuntimeDirectory", "/run/"), ...listed("CacheDirectory", "/var/cache/")],
  ];
  const visible = [...bound, ...listed("BindReadOnlyPaths")];
  return needed.flatMap(({ what, path, writes }) => {
    const real = realOf(path);
    if (isBelow(path, writes ? bound : visible)) return [];
    const isHome = isBelow(real, HOMES);
    if (isHome && (home === "yes" || home === "tmpfs" || (home === "read-only" && writes))) {
      return [hidden(unit, what, path, `ProtectHome=${home}`, writes)];
    }
    if (shown.get("PrivateTmp") === "yes" && isBelow(real, TEMPORARY)) {
      return [hidden(unit, what, path, "PrivateTmp=yes", writes)];
    }
    const isReadOnly =
      system === "strict" ||
      (system === "full" && isBelow(real, [...SYSTEM, "/etc"])) ||
      (system === "yes" && isBelow(real, SYSTEM));
    if (!writes || !isReadOnly || isBelow(real, writable)) return [];
    return [hidden(unit, what, path, `ProtectSystem=${system}`, writes)];
  });
}

function hidden(unit: string, what: string, path: string, by: string, writes: boolean): Result {
  const how = writes ? "may not write" : "does not see";
  const directory = writes ? dirname(path) : path;
  const change = by.startsWith("ProtectSystem")
    ? `ReadWritePaths=${directory}`
    : `${by.replace(/=.*/, "")}=no`;
  return finding("service-sandbox", `${unit} ${how} ${path} (${what}): its unit has ${by}`, [
    ...(writes ? [] : [`move ${path} to /etc/nova, and change nova.conf`]),
    `or: systemctl edit ${unit}    (and write: [Service] ${change})`,
    `systemctl restart ${unit}`,
  ]);
}

function neededBy(context: CheckContext, { program }: Unit): NeededPath[] {
  const loaded = {
    "nova-novncproxy": context.novnc,
    "nova-xvpvncproxy": context.xvp,
    "nova-consoleauth": context.consoleauth,
  }[program];
  const { values, sources } = loaded;
  const isProxy = program !== "nova-consoleauth";
  const { cert, key, web } = values.DEFAULT;
  const needed: [what: string, path: string | null, writes: boolean, isUsed: boolean][] = [
    ["[DEFAULT] cert", cert, false, isProxy && sources["DEFAULT.cert"] !== "default"],
    ["[DEFAULT] key", key, false, isProxy],
    ["[DEFAULT] web", web, false, program === "nova-novncproxy"],
    ["the log", logFileOf(loaded, program), true, true],
    ["the token store", sqliteFileOf(loaded), true, true],
    ["[vnc] vencrypt_ca_certs", values.vnc.vencrypt_ca_certs, false, isProxy],
    ["[vnc] vencrypt_client_key", values.vnc.vencrypt_client_key, false, isProxy],
  ];
  return needed.flatMap(([what, path, writes, isUsed]) =>
    path === null || path === "" || !isUsed ? [] : [{ what, path: resolve("/", path), writes }],
  );
}

/** Where links lead, as far as there is something. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => path === directory || path.startsWith(`${directory}/`));
}
