import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import path from "node:path";
import { type BackendPolicy, OUTSIDE } from "./backend-policy.ts";
import { BackendForbiddenError, BackendUnreachableError } from "./errors.ts";

/** Linux: opens the name only, needs no right to read, and has no effect on a device or a FIFO. @see open(2) */
const O_PATH = 0o10_000_000;

/**
 * Opens a unix socket's file without connecting to it, and judges what was opened.
 *
 * A check of a path and a later use of the path could see two files. So the file is opened once, that
 * file is judged, and {@link pathOf} leads to that file, whatever becomes of its path.
 *
 * @returns the caller closes it after it has connected
 * @throws {@link BackendForbiddenError} if the policy refuses it: another folder, a symbolic link below
 *   the folder, no socket
 * @throws {@link BackendUnreachableError} if there is no such file, or it may not be looked at
 */
export async function openSocketFile(
  socketPath: string,
  policy: BackendPolicy,
): Promise<FileHandle> {
  const dir = policy.socketDirOf(socketPath);
  if (dir === null) throw forbidden(socketPath, OUTSIDE);
  const file = await open(socketPath, O_PATH | constants.O_NOFOLLOW).catch(unreachable);
  try {
    // The folder itself may be behind a link (/var/run), which its owner made.
    const [stat, opened, realDir] = await Promise.all([
      file.stat(),
      readlink(pathOf(file)),
      realpath(dir),
    ]).catch(unreachable);
    const isSame = opened === path.join(realDir, socketPath.slice(dir.length));
    if (!isSame || stat.isSymbolicLink()) {
      throw forbidden(socketPath, `there is a symbolic link in it, below ${dir}`);
    }
    if (!stat.isSocket()) throw forbidden(socketPath, "it is no socket");
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }

  function unreachable(cause: unknown): never {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BackendUnreachableError(`cannot connect to unix:${socketPath}: ${why}`, { cause });
  }
}

/** A path to the very file that is open. @see proc(5), /proc/self/fd */
export function pathOf(file: FileHandle): string {
  return `/proc/self/fd/${file.fd}`;
}

function forbidden(socketPath: string, why: string): BackendForbiddenError {
  return new BackendForbiddenError(`unix:${socketPath} may not be dialled: ${why}`);
}
