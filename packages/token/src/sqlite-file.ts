import {
  accessSync,
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  openSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TokenStoreError } from "./errors.ts";
import { isBusy, storeErrorFrom } from "./sqlite-errors.ts";
import type { OpenedFile } from "./sqlite-questions.ts";
import { createSchema } from "./sqlite-schema.ts";
import { prepareStatements } from "./sqlite-statements.ts";

/** Only the owner: whoever can write rows can open consoles. */
const FILE_MODE = 0o600;

/**
 * The database file of a path: opened when it is first asked for, and again when another file took
 * its place. Used in the store's own thread, as everything here may wait for the disk.
 */
export class SqliteFile {
  /** Absolute. */
  readonly path: string;
  #opened: OpenedFile | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * A file that was removed or replaced still answers a process that has it open: tokens that were
   * revoked in the new one would stay good here.
   *
   * @throws as {@link openDatabase}
   */
  opened(): OpenedFile {
    const opened = this.#opened;
    if (opened?.identity != null && identityOf(this.path) === opened.identity) return opened;
    this.close();
    const database = openDatabase(this.path);
    try {
      const statements = prepareStatements(database);
      const identity = identityOf(this.path);
      this.#opened = { path: this.path, identity, database, statements };
      return this.#opened;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  close(): void {
    const opened = this.#opened;
    this.#opened = null;
    opened?.database.close();
  }
}

/**
 * Opens the database file, and makes it and its table if they are not there.
 *
 * Any number of processes may do so at the same moment. No statement waits for another process's
 * lock: it fails as "busy", and so does turning WAL on, and recovery after a kill.
 *
 * @param path - absolute; its directory must exist
 * @throws {@link TokenStoreError} that names the path, what is wrong and what to do; SQLite's own
 *   error if the file is busy ({@link isBusy})
 */
export function openDatabase(path: string): DatabaseSync {
  prepareFile(path);
  try {
    return openPrepared(path);
  } catch (error) {
    throw isBusy(error) ? error : storeErrorFrom(error, path);
  }
}

function openPrepared(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    if (database.prepare("PRAGMA journal_mode").get()?.["journal_mode"] !== "wal") {
      database.exec("PRAGMA journal_mode = WAL");
    }
    // In WAL this loses at most the last tokens at a power cut, and never the file.
    database.exec("PRAGMA synchronous = NORMAL");
    createSchema(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Names the file at a path, unlike any other that takes its place; null if there is none. */
export function identityOf(path: string): string | null {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? null : `${status.dev} ${status.ino}`;
}

/**
 * Makes the file with our mode, which SQLite cannot be told (its -wal and -shm take the file's mode).
 *
 * A file that exists is not opened here: closing it would drop the locks that this process may
 * hold on it through another connection. @see https://www.sqlite.org/howtocorrupt.html §2.2
 */
function prepareFile(path: string): void {
  const directory = dirname(path);
  try {
    if (!statSync(directory).isDirectory()) {
      throw new TokenStoreError(`token store ${path}: ${directory} is not a directory`);
    }
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fileErrorFrom(error, path, directory);
  }
  try {
    createFile(path, directory);
    const status = statSync(path);
    if (!status.isFile()) {
      throw new TokenStoreError(`token store ${path}: is not a file; name another path`);
    }
    if ((status.mode & constants.S_IWOTH) !== 0) {
      throw new TokenStoreError(
        `token store ${path}: can be written by everybody, who could make tokens: chmod 660 or stricter`,
      );
    }
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw fileErrorFrom(error, path, path);
  }
}

function createFile(path: string, directory: string): void {
  try {
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, FILE_MODE);
    try {
      // Else one command typed by root would lock out the service that owns the directory.
      const owner = statSync(directory);
      if (fstatSync(file).uid === 0 && owner.uid !== 0) fchownSync(file, owner.uid, owner.gid);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

function fileErrorFrom(error: unknown, path: string, subject: string): TokenStoreError {
  if (error instanceof TokenStoreError) return error;
  return new TokenStoreError(`token store ${path}: ${describe(error, subject)}`, { cause: error });
}

function describe(error: unknown, subject: string): string {
  switch (errnoOf(error)) {
    case "ENOENT":
      return `${subject} does not exist; create it for the user that runs the service, or set state_path or [database] connection`;
    case "EACCES":
    case "EPERM":
      return `${subject} is not writable for this user; change its owner (chown) or run as the user of the service`;
    case "EROFS":
      return `${subject} is on a read-only file system; set state_path or [database] connection to a writable place`;
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full; free space on its file system";
    case "ENOTDIR":
      return `a part of ${subject} is not a directory`;
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** `ENOENT` and so on; empty where the error is not the file system's. */
function errnoOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
