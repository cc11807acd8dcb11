import { execFileSync } from "node:child_process";
import { repository } from "./programs.ts";

/**
 * The age of everything that is packed, in seconds since the epoch: SOURCE_DATE_EPOCH, or else that of the last
 * commit, so that the same sources give the same packages.
 *
 * @throws Error if SOURCE_DATE_EPOCH is no number
 */
export function sourceDate(): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  const text =
    given ?? execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: repository }).toString();
  if (!/^\d{1,11}$/.test(text.trim())) {
    throw new Error(`SOURCE_DATE_EPOCH is ${text}: it must be seconds since the epoch`);
  }
  return Number(text);
}
