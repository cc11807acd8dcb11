import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";

import { ConfigFileError, ConfigParseError } from "./errors.ts";

/** Largest config file that is read. A pipe or a device has no size to ask for, so the reading itself is bounded. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** How long whoever writes a pipe may take for the next bytes. */
const PIPE_WAIT_MS = 2_000;
const PIPE_PAUSE_MS = 20;
/** What pipes held, by device and inode: they can be read once, and each program's options are. */
const read = new Map<string, Buffer>();

/**
 * Reads a config file, which may be a pipe such as `/dev/stdin`.
 *
 * @param pipeWaitMs - how long a pipe is waited for
 * @returns its text, with the byte order mark if there is one
 * @throws {@link ConfigFileError} if it can't be read, is over 16 MiB, or is a pipe that nobody writes to
 * @throws {@link ConfigParseError} if it is not UTF-8
 */
export function readText(path: string, pipeWaitMs = PIPE_WAIT_MS): string {
  let bytes: Buffer;
  try {
    bytes = statSync(path).isFIFO() ? readPipe(path, pipeWaitMs) : readFile(path);
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

function readFile(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    return readBounded((chunk) => readSync(file, chunk));
  } finally {
    closeSync(file);
  }
}

/** Opening a pipe waits for a writer, and reading for its bytes: neither may be for ever. */
function readPipe(path: string, waitMs: number): Buffer {
  const pipe = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { dev, ino } = fstatSync(pipe);
    const key = `${dev}:${ino}`;
    const before = read.get(key);
    const bytes = readPipeWithin(pipe, before === undefined ? waitMs : 0) ?? before;
    if (bytes === undefined) throw new Error("is a pipe, and nobody writes to it");
    read.set(key, bytes);
    return bytes;
  } finally {
    closeSync(pipe);
  }
}

/** @returns null if nobody writes for so long */
function readPipeWithin(pipe: number, waitMs: number): Buffer | null {
  const seen = { hasBegun: false, isLate: false };
  const bytes = readBounded((chunk) => {
    const deadline = Date.now() + waitMs;
    for (;;) {
      const count = readNow(pipe, chunk);
      // Before there is a writer it seems to be at its end.
      if (count !== null && (count > 0 || seen.hasBegun)) {
        seen.hasBegun = true;
        return count;
      }
      if (Date.now() >= deadline) {
        seen.isLate = true;
        return 0;
      }
      pause();
    }
  });
  return seen.isLate ? null : bytes;
}

/** @returns null if there is nothing yet */
function readNow(pipe: number, chunk: Buffer): number | null {
  try {
    return readSync(pipe, chunk);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return null;
    throw error;
  }
}

/** Config files are read before anything else runs. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_PAUSE_MS);
}

/** Reads up to one chunk more than is allowed. */
function readBounded(readChunk: (chunk: Buffer) => number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total <= MAX_FILE_BYTES;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const count = readChunk(chunk);
    if (count === 0) break;
    total += count;
    chunks.push(chunk.subarray(0, count));
  }
  return Buffer.concat(chunks);
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
