import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { ConnectInfo } from "./connect-info.ts";
import { identityOf } from "./sqlite-file.ts";
import { VALIDATE_SQL } from "./sqlite-statements.ts";
import { decodeRow } from "./token-row.ts";

/** How long after a failure nothing is read directly. */
const FAILURE_PAUSE_MS = 1_000;

interface OpenedReader {
  readonly database: DatabaseSync;
  readonly validate: StatementSync;
  readonly identity: string;
}

/**
 * A read-only connection of the calling thread, for the one question that each console asks.
 *
 * The way to the store's thread and back costs a tenth of what opening a console costs. A busy proxy
 * saves it by reading here, but only right after the thread has read the same file: what has just
 * been read is in memory, and is read without waiting. No lock is waited for, nothing is written.
 */
export class SqliteDirectReader {
  readonly #path: string;
  #opened: OpenedReader | null = null;
  #failedMs = -Infinity;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param open - the `identityOf` the file that the thread has open: no other one is touched
   * @param nowMs - of any clock that only goes forward
   * @returns null if the token is unknown or expired; undefined if the thread must be asked, since
   *   the file is locked, another one, or faulty
   */
  validate(
    open: string,
    digest: string,
    nowSeconds: number,
    nowMs: number,
  ): ConnectInfo | null | undefined {
    if (nowMs - this.#failedMs < FAILURE_PAUSE_MS) return undefined;
    try {
      if (this.#opened?.identity !== open) this.close();
      // The thread has to see another file first: it may be one that makes its reader wait.
      if (identityOf(this.#path) !== open) return undefined;
      this.#opened ??= this.#open(open);
      const row = this.#opened.validate.get(digest, nowSeconds);
      return row === undefined ? null : decodeRow(row, this.#path);
    } catch {
      // The thread says what is wrong.
      this.#failedMs = nowMs;
      this.close();
      return undefined;
    }
  }

  close(): void {
    const opened = this.#opened;
    this.#opened = null;
    opened?.database.close();
  }

  #open(identity: string): OpenedReader {
    const database = new DatabaseSync(this.#path, { readOnly: true, timeout: 0 });
    try {
      return { database, validate: database.prepare(VALIDATE_SQL), identity };
    } catch (error) {
      database.close();
      throw error;
    }
  }
}
