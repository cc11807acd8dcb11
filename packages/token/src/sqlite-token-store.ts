import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { buildAccessUrl } from "./access-url.ts";
import type { ConnectInfo } from "./connect-info.ts";
import {
  type AuthorizedConsole,
  type ConsoleRequest,
  validateConsoleRequest,
  validateEndpoint,
  validateInstanceUuid,
} from "./console-request.ts";
import { InvalidTokenError, TokenStoreError } from "./errors.ts";
import { decodeRow, encodeRow } from "./token-row.ts";
import { storeErrorFrom } from "./sqlite-errors.ts";
import { openDatabase } from "./sqlite-file.ts";
import { prepareStatements, type Statements } from "./sqlite-statements.ts";
import { Token } from "./token.ts";
import type { TokenAuthority } from "./token-store.ts";

/** How often at most an `authorize` also removes what has expired. */
const PURGE_INTERVAL_MS = 60_000;

/** Where a {@link SqliteTokenStore} is kept. */
export interface SqliteTokenStoreOptions {
  /** The database file; made with mode 0600 if missing, its directory is not. */
  readonly path: string;
  /** The clock: milliseconds since the epoch, as `Date.now`. */
  readonly now: () => number;
}

/**
 * The embedded store: nova's `console_auth_tokens` in an SQLite file that several processes share.
 *
 * Only SHA-256 hashes are kept. Every answer is one prepared, indexed statement; reads do not wait
 * for writes (WAL), and what a killed process had written stays.
 *
 * @see nova/objects/console_auth_token.py
 */
export class SqliteTokenStore implements TokenAuthority {
  /** The database file, absolute. */
  readonly place: string;
  readonly #now: () => number;
  #opened: OpenedFile;
  #closed = false;
  #lastPurgeMs = -Infinity;

  private constructor(path: string, now: () => number) {
    this.place = path;
    this.#now = now;
    this.#opened = openFile(path);
  }

  /**
   * Opens the store, and makes its file if there is none.
   *
   * @throws {@link TokenStoreError} that names the path, what is wrong and what to do
   */
  static open(options: SqliteTokenStoreOptions): SqliteTokenStore {
    return new SqliteTokenStore(resolve(options.path), options.now);
  }

  validate(token: Token): Promise<ConnectInfo> {
    return this.#ask(({ validate }) => {
      const row = validate.get(token.digest, this.#nowSeconds());
      if (row === undefined) throw new InvalidTokenError();
      return decodeRow(row, this.place);
    });
  }

  authorize(request: ConsoleRequest): Promise<AuthorizedConsole> {
    return this.#ask(({ insert, deleteOthersAt, deleteToken }) => {
      const checked = validateConsoleRequest(request);
      if (this.#now() - this.#lastPurgeMs >= PURGE_INTERVAL_MS) this.#purge();
      const { ttlSeconds, token = new Token(randomUUID()), ...place } = checked;
      const info = {
        ...place,
        tokenDigest: token.digest,
        expires: this.#nowSeconds() + ttlSeconds,
      };
      deleteOthersAt.run(info.host, info.port, info.internalAccessPath, info.instanceUuid);
      // One that was given may come twice: the message broker can deliver a request again.
      if (checked.token !== undefined) deleteToken.run(info.tokenDigest);
      insert.run(this.#timestamp(), ...encodeRow(info));
      return { token, info, url: buildAccessUrl(info.accessUrlBase, token, info.consoleType) };
    });
  }

  revokeInstance(instanceUuid: string): Promise<number> {
    return this.#ask(({ countInstance, deleteInstance }) => {
      const uuid = validateInstanceUuid(instanceUuid);
      const live = countInstance.get(uuid, this.#nowSeconds())?.["live"];
      deleteInstance.run(uuid);
      return Number(live ?? 0);
    });
  }

  revokeToken(token: Token): Promise<boolean> {
    return this.#ask(({ validate, deleteToken }) => {
      const isLive = validate.get(token.digest, this.#nowSeconds()) !== undefined;
      deleteToken.run(token.digest);
      return isLive;
    });
  }

  list(): Promise<ConnectInfo[]> {
    return this.#ask(({ list }) =>
      list.all(this.#nowSeconds()).map((row) => decodeRow(row, this.place)),
    );
  }

  liveDigests(limit: number): Promise<readonly string[]> {
    return this.#ask(({ liveDigests }) =>
      liveDigests.all(this.#nowSeconds(), limit).map((row) => String(row["token_hash"])),
    );
  }

  purge(): Promise<number> {
    return this.#ask(() => this.#purge());
  }

  move(instanceUuid: string, host: string, port: number): Promise<number> {
    return this.#ask(({ move, deleteOthersAt }) => {
      const uuid = validateInstanceUuid(instanceUuid);
      validateEndpoint(host, port);
      deleteOthersAt.run(host, port, null, uuid);
      return Number(move.run(host, port, this.#timestamp(), uuid, this.#nowSeconds()).changes);
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    if (this.#opened.database.isOpen) this.#opened.database.close();
    return Promise.resolve();
  }

  #purge(): number {
    this.#lastPurgeMs = this.#now();
    return Number(this.#opened.statements.purge.run(this.#nowSeconds()).changes);
  }

  /** nova compares whole seconds, rounded down. */
  #nowSeconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** The form in which SQLAlchemy keeps a DATETIME in SQLite: UTC, microseconds. */
  #timestamp(): string {
    return new Date(this.#now()).toISOString().replace("T", " ").replace("Z", "000");
  }

  /**
   * A file that was removed or replaced still answers whoever has it open: tokens that were revoked
   * in the new one would stay good here.
   */
  #reopenIfReplaced(): void {
    const { database, identity } = this.#opened;
    if (database.isOpen && identity !== null && identityOf(this.place) === identity) return;
    if (database.isOpen) database.close();
    this.#opened = openFile(this.place);
  }

  #ask<T>(question: (statements: Statements) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        if (this.#closed) throw new TokenStoreError(`token store ${this.place}: is closed`);
        this.#reopenIfReplaced();
        resolve(question(this.#opened.statements));
      } catch (error) {
        reject(isSqliteError(error) ? storeErrorFrom(error, this.place) : asError(error));
      }
    });
  }
}

/** A database file as it was when it was opened. */
interface OpenedFile {
  readonly database: DatabaseSync;
  readonly statements: Statements;
  readonly identity: string | null;
}

function openFile(path: string): OpenedFile {
  const database = openDatabase(path);
  try {
    return { database, statements: prepareStatements(database), identity: identityOf(path) };
  } catch (error) {
    database.close();
    throw storeErrorFrom(error, path);
  }
}

/** Tells the file at a path from another one that took its place; null if there is none. */
function identityOf(path: string): string | null {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? null : `${status.dev} ${status.ino}`;
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && "errcode" in error;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
