import { readFileSync, statSync } from "node:fs";
import type { Config } from "@nova-console/config";

/** Longest file that is kept; the listener refuses longer ones. */
const MAX_PEM_BYTES = 1024 * 1024;

/** Contents of the files of `[DEFAULT] cert` and `key` in base64, as IPC carries them; null: no such file. */
export interface TlsFiles {
  readonly cert: string | null;
  readonly key: string | null;
}

/**
 * Reads certificate and key, which workers have in effect at this moment, for workers that replace one of them
 * later: by then the files may be broken.
 *
 * @returns null if one cannot be read: a worker that reads it by itself says why
 */
export function readTlsFiles({ DEFAULT }: Config): TlsFiles | null {
  try {
    return { cert: read(DEFAULT.cert), key: read(DEFAULT.key ?? "") };
  } catch {
    return null;
  }
}

/** @returns null if there is no such file: TLS is off then, or the key is in the certificate's file */
function read(path: string): string | null {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return null;
  if (!status.isFile() || status.size > MAX_PEM_BYTES) throw new RangeError("not a PEM file");
  return readFileSync(path, "base64");
}
