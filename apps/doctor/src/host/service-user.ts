import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** The user that the services run as. */
export interface ServiceUser {
  readonly name: string;
  readonly uid: number;
  /** Own group first. */
  readonly gids: readonly number[];
  readonly home: string;
}

/** Finds a user in /etc/passwd, and its groups in /etc/group. @returns null if there is none */
export async function findServiceUser(name: string): Promise<ServiceUser | null> {
  const [passwd, group] = await Promise.all(
    ["/etc/passwd", "/etc/group"].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  return parseUser(name, passwd ?? "", group ?? "");
}

/** The same, of files that were read. @see passwd(5), group(5) */
export function parseUser(name: string, passwd: string, group: string): ServiceUser | null {
  const fields = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([user]) => user === name);
  if (fields === undefined) return null;
  const [, , uid = "", gid = "", , home = "/"] = fields;
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return null;
  const others = group.split("\n").flatMap((line) => {
    const [, , id = "", members = ""] = line.split(":");
    return /^\d+$/.test(id) && members.split(",").includes(name) ? [Number(id)] : [];
  });
  return { name, uid: Number(uid), gids: [...new Set([Number(gid), ...others])], home };
}

/** What a file's owner, group and mode say, as `stat` has them. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Whether owner, group and mode let a user at a file. ACLs and SELinux may say otherwise. */
export function mayAccess(file: Ownership, user: ServiceUser, need: "r" | "w" | "x"): boolean {
  if (user.uid === 0) return true;
  const bit = { r: 4, w: 2, x: 1 }[need];
  if (file.uid === user.uid) return (file.mode & (bit << 6)) !== 0;
  if (user.gids.includes(file.gid)) return (file.mode & (bit << 3)) !== 0;
  return (file.mode & bit) !== 0;
}

/**
 * What keeps a user from a file: the file itself, or a directory above that it may not pass.
 *
 * @param need - all of these, of the file or directory itself
 * @returns the path in the way; null if nothing is, or if the file is not there
 */
export async function findObstacle(
  path: string,
  user: ServiceUser,
  need: readonly ("r" | "w" | "x")[],
): Promise<string | null> {
  const target = resolve(path);
  for (let above = dirname(target); ; above = dirname(above)) {
    const directory = await stat(above).catch(() => null);
    if (directory !== null && !mayAccess(directory, user, "x")) return above;
    if (above === dirname(above)) break;
  }
  const file = await stat(target).catch(() => null);
  if (file === null) return null;
  return need.every((each) => mayAccess(file, user, each)) ? null : target;
}
