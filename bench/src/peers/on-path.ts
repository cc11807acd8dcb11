import { accessSync, constants } from "node:fs";
import { delimiter, resolve } from "node:path";

/** @returns what to tell if no program of that name or absolute path is there, else null */
export function missingProgram(name: string): string | null {
  // Where Debian keeps daemons; not on every user's path.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  const found = folders.some((folder) => {
    try {
      accessSync(resolve(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ? null : `${name} is not installed`;
}
