import { randomBytes } from "node:crypto";
import {
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { TokenStoreSettingError } from "./errors.ts";

const SECRET_BYTES = 32;

/** A file of more is not one of ours. */
const MAX_FILE_BYTES = 4096;

/**
 * Reads the secret that viewer passwords are derived with, and makes it on first use.
 *
 * Several processes may do so at once: one file wins, and all read that.
 *
 * @param path - `[console_proxy] viewer_password_secret_file`; made with mode 0600, its folder with 0750
 * @throws {@link TokenStoreSettingError} that names the file, what is wrong and what to do
 */
export function openViewerPasswordSecret(path: string): Buffer {
  return readSecret(path) ?? createSecret(path);
}

function readSecret(path: string): Buffer | null {
  try {
    const status = statSync(path);
    const { mode, size } = status;
    // Reading a FIFO would wait for a writer.
    if (!status.isFile()) {
      throw new TokenStoreSettingError(`viewer_password_secret_file ${path} is not a file`);
    }
    if ((mode & 0o007) !== 0) {
      throw new TokenStoreSettingError(
        `viewer_password_secret_file ${path} can be read by everybody: chmod 640 or stricter`,
      );
    }
    if (size > MAX_FILE_BYTES) {
      throw new TokenStoreSettingError(
        `viewer_password_secret_file ${path} is larger than ${MAX_FILE_BYTES} bytes`,
      );
    }
    const secret = Buffer.from(readFileSync(path, "latin1").trim(), "latin1");
    if (secret.length < SECRET_BYTES) {
      throw new TokenStoreSettingError(
        `viewer_password_secret_file ${path} has less than ${SECRET_BYTES} characters: ` +
          "remove it, and a new one is made",
      );
    }
    return secret;
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw settingError(path, error);
  }
}

function createSecret(path: string): Buffer {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    makeFolder(dirname(path));
    writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString("hex")}\n`, {
      mode: 0o600,
      flag: "wx",
    });
    try {
      // A command typed as root must not lock the service out of its own directory.
      const { uid, gid } = statSync(dirname(path));
      if (statSync(draft).uid === 0 && uid !== 0) chownSync(draft, uid, gid);
      // Not rename: it would replace the file of a process that was faster.
      linkSync(draft, path);
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    } finally {
      unlinkSync(draft);
    }
  } catch (error) {
    throw settingError(path, error);
  }
  const secret = readSecret(path);
  if (secret === null) throw new TokenStoreSettingError(`${path} vanished while it was made`);
  return secret;
}

/** Makes a folder in one that exists. Not all of a path: Node tries for ever behind a dangling symbolic link. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o750 });
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  }
}

function settingError(path: string, error: unknown): TokenStoreSettingError {
  if (error instanceof TokenStoreSettingError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new TokenStoreSettingError(`viewer_password_secret_file ${path}: ${why}`, {
    cause: error,
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
