import { createReadStream } from "node:fs";
import { DoctorInputError } from "./errors.ts";

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads a file that the command line names; `-` is standard input.
 *
 * @throws {@link DoctorInputError} if it cannot be read, is no file, or is longer than 16 MiB
 */
export async function readTextFile(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // A pipe has no size: it is counted as it comes.
    for await (const chunk of createReadStream(file === "-" ? "/dev/stdin" : file)) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new DoctorInputError(`${file}: longer than 16 MiB`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof DoctorInputError) throw error;
    throw new DoctorInputError(`${file}: ${whyUnread(error)}`, { cause: error });
  }
  return Buffer.concat(chunks).toString("utf8");
}

function whyUnread(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "this user may not read it";
    case "EISDIR":
      return "is a directory";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
