import { dirname } from "node:path";
import { TokenStoreError } from "./errors.ts";

/** Primary result codes of SQLite. @see https://www.sqlite.org/rescode.html */
const SQLITE = {
  Busy: 5,
  Locked: 6,
  ReadOnly: 8,
  IoError: 10,
  Corrupt: 11,
  Full: 13,
  CannotOpen: 14,
  NotADatabase: 26,
} as const;

/** Extended result codes carry the primary one in the low byte. */
const PRIMARY_CODE_MASK = 0xff;

/** Whether another process holds the lock that was needed: the same call may succeed later. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE.Busy || code === SQLITE.Locked;
}

/**
 * Says in words what SQLite said in a number, and what the operator can do about it.
 *
 * @param error - what a call into `node:sqlite` threw
 * @param path - the store's file
 */
export function storeErrorFrom(error: unknown, path: string): TokenStoreError {
  if (error instanceof TokenStoreError) return error;
  return new TokenStoreError(`token store ${path}: ${describe(error, path)}`, { cause: error });
}

/** Says that a lock was not given in time. @param limitMs - how long it was waited for */
export function lockedError(path: string, limitMs: number): TokenStoreError {
  return new TokenStoreError(
    `token store ${path}: is locked by another process for more than ${seconds(limitMs)} s; ` +
      "if none is at work on it, look for one with: fuser -v FILE",
  );
}

function seconds(durationMs: number): string {
  return String(Number((durationMs / 1_000).toPrecision(2)));
}

function describe(error: unknown, path: string): string {
  switch (primaryCode(error)) {
    case SQLITE.Busy:
    case SQLITE.Locked:
      return "another process holds its lock; if none is at work on it, look for one with: fuser -v FILE";
    case SQLITE.ReadOnly:
      return `cannot be written; this user needs write access to the file and to ${dirname(path)}`;
    case SQLITE.Full:
      return "the disk is full; free space on its file system";
    case SQLITE.CannotOpen:
      return `cannot be opened; check the file and that this user may write to ${dirname(path)}`;
    case SQLITE.NotADatabase:
      return "is not an SQLite database; move it away, or name another file";
    case SQLITE.Corrupt:
      return "is damaged; stop the services and move it away (tokens are short-lived, a new file will do)";
    case SQLITE.IoError:
      return `the disk failed (${messageOf(error)}); check the file system and its free space`;
    default:
      return messageOf(error);
  }
}

/** 0 (SQLITE_OK) where the error is not SQLite's. */
function primaryCode(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error)) return 0;
  return typeof error.errcode === "number" ? error.errcode & PRIMARY_CODE_MASK : 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
