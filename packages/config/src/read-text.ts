import { closeSync, openSync, readSync } from "node:fs";

import { ConfigFileError, ConfigParseError } from "./errors.ts";

/** Largest config file that is read. A pipe or a device has no size to ask for, so the reading itself is bounded. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a config file, which may be a pipe such as `/dev/stdin`.
 *
 * @returns its text, with the byte order mark if there is one
 * @throws {@link ConfigFileError} if it can't be read or is over 16 MiB
 * @throws {@link ConfigParseError} if it is not UTF-8
 */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readBounded(path);
  } catch (error) {
    throw new ConfigFileError(`config file ${path}: ${describeFileError(error)}`, { cause: error });
  }
  if (bytes.length > MAX_FILE_BYTES) {
    throw new ConfigFileError(`config file ${path}: larger than ${MAX_FILE_BYTES} bytes`);
  }
  return decode(bytes, path);
}

/** What went wrong with a file, in words. */
export function describeFileError(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "not found";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "is a directory, must be a file";
    case "ENOTDIR":
      return "is a file, must be a directory";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** Reads up to one chunk more than is allowed. */
function readBounded(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; total <= MAX_FILE_BYTES;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const count = readSync(file, chunk);
      if (count === 0) break;
      total += count;
      chunks.push(chunk.subarray(0, count));
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw new ConfigParseError(`${path}:${firstWrongLine(bytes)}: is not UTF-8 text`, {
      cause: error,
    });
  }
}

/** Keeps the byte order mark, which is an error to oslo.config. */
function decodeUtf8(bytes: Buffer): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function firstWrongLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf("\n", start);
    const next = end < 0 ? bytes.length : end + 1;
    try {
      decodeUtf8(bytes.subarray(start, next));
    } catch {
      return line;
    }
    start = next;
  }
  return line;
}
