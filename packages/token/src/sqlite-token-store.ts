import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { buildAccessUrl } from "./access-url.ts";
import type { ConnectInfo } from "./connect-info.ts";
import {
  type AuthorizedConsole,
  type ConsoleRequest,
  validateConsoleRequest,
  validateEndpoint,
  validateInstanceUuid,
} from "./console-request.ts";
import { InvalidTokenError } from "./errors.ts";
import { SqliteDirectReader } from "./sqlite-direct-reader.ts";
import { monotonicMs } from "./sqlite-messages.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import { Token } from "./token.ts";
import type { TokenAuthority } from "./token-store.ts";

/** How often at most an `authorize` also removes what has expired. */
const PURGE_INTERVAL_MS = 60_000;

/** For how long after the thread has read the file it is read directly. */
const DIRECT_MS = 50;
/** After how much of that the thread is asked again, so that a busy proxy goes on without a pause. */
const REFRESH_MS = DIRECT_MS / 2;
/** How long opening the file may take at least, however short `connectTimeoutMs` is. */
const OPEN_LIMIT_MS = 5_000;

/** Where a {@link SqliteTokenStore} is kept. */
export interface SqliteTokenStoreOptions {
  /** The database file; made with mode 0600 if missing, its directory is not. */
  readonly path: string;
  /** The clock: milliseconds since the epoch, as `Date.now`. */
  readonly now: () => number;
  /** Within this each question is answered or refused. */
  readonly connectTimeoutMs: number;
}

/**
 * The embedded store: nova's `console_auth_tokens` in an SQLite file that several processes share.
 *
 * Only SHA-256 hashes are kept. Every answer is one transaction of prepared, indexed statements;
 * reads do not wait for writes (WAL), and what a killed process had written stays. The file is
 * opened, read and written in a thread of its own, so that the calling thread waits for no disk and
 * no lock; it reads the file itself only right after the thread could.
 *
 * @see nova/objects/console_auth_token.py
 */
export class SqliteTokenStore implements TokenAuthority {
  /** The database file, absolute. */
  readonly place: string;
  readonly #now: () => number;
  readonly #thread: SqliteThread;
  readonly #direct: SqliteDirectReader;
  #lastPurgeMs = -Infinity;

  private constructor({ path, now, connectTimeoutMs }: SqliteTokenStoreOptions) {
    this.place = resolve(path);
    this.#now = now;
    this.#thread = new SqliteThread({ path: this.place, limitMs: connectTimeoutMs });
    this.#direct = new SqliteDirectReader(this.place);
  }

  /**
   * Opens the store, and makes its file if there is none. Waits for a lock of another process for
   * `connectTimeoutMs`, or 5 seconds if that is longer.
   *
   * @throws {@link TokenStoreError} that names the path, what is wrong and what to do
   */
  static async open(options: SqliteTokenStoreOptions): Promise<SqliteTokenStore> {
    const store = new SqliteTokenStore(options);
    try {
      await store.#thread.read("open", [], Math.max(options.connectTimeoutMs, OPEN_LIMIT_MS));
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async validate(token: Token): Promise<ConnectInfo> {
    const nowSeconds = this.#nowSeconds();
    let info = this.#validateDirectly(token.digest, nowSeconds);
    if (info === undefined) info = await this.#thread.read("validate", [token.digest, nowSeconds]);
    if (info === null) throw new InvalidTokenError();
    return info;
  }

  async authorize(request: ConsoleRequest): Promise<AuthorizedConsole> {
    const checked = validateConsoleRequest(request);
    const { ttlSeconds, token = new Token(randomUUID()), ...place } = checked;
    const nowSeconds = this.#nowSeconds();
    const info = { ...place, tokenDigest: token.digest, expires: nowSeconds + ttlSeconds };
    const purgeBefore = this.#isPurgeDue() ? nowSeconds : null;
    const isGiven = checked.token !== undefined;
    await this.#thread.write("authorize", [info, isGiven, this.#timestamp(), purgeBefore]);
    return { token, info, url: buildAccessUrl(info.accessUrlBase, token, info.consoleType) };
  }

  async revokeInstance(instanceUuid: string): Promise<number> {
    const uuid = validateInstanceUuid(instanceUuid);
    return this.#thread.write("revokeInstance", [uuid, this.#nowSeconds()]);
  }

  revokeToken(token: Token): Promise<boolean> {
    return this.#thread.write("revokeToken", [token.digest, this.#nowSeconds()]);
  }

  list(): Promise<ConnectInfo[]> {
    return this.#thread.read("list", [this.#nowSeconds()]);
  }

  liveDigests(limit: number): Promise<readonly string[]> {
    return this.#thread.read("liveDigests", [this.#nowSeconds(), limit]);
  }

  purge(): Promise<number> {
    this.#lastPurgeMs = this.#now();
    return this.#thread.write("purge", [this.#nowSeconds()]);
  }

  async move(instanceUuid: string, host: string, port: number): Promise<number> {
    const uuid = validateInstanceUuid(instanceUuid);
    validateEndpoint(host, port);
    return this.#thread.write("move", [uuid, host, port, this.#timestamp(), this.#nowSeconds()]);
  }

  async checkWritable(): Promise<void> {
    await this.#thread.write("check", []);
  }

  close(): Promise<void> {
    this.#direct.close();
    return this.#thread.close();
  }

  /** @returns undefined if the thread must be asked */
  #validateDirectly(digest: string, nowSeconds: number): ConnectInfo | null | undefined {
    const nowMs = monotonicMs();
    const ageMs = nowMs - this.#thread.confirmedMs;
    if (ageMs > DIRECT_MS || (ageMs > REFRESH_MS && this.#thread.isIdle)) return undefined;
    const { identity } = this.#thread;
    if (identity === null) return undefined;
    return this.#direct.validate(identity, digest, nowSeconds, nowMs);
  }

  #isPurgeDue(): boolean {
    const now = this.#now();
    if (now - this.#lastPurgeMs < PURGE_INTERVAL_MS) return false;
    this.#lastPurgeMs = now;
    return true;
  }

  /** nova compares whole seconds, rounded down. */
  #nowSeconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** The form in which SQLAlchemy keeps a DATETIME in SQLite: UTC, microseconds. */
  #timestamp(): string {
    return new Date(this.#now()).toISOString().replace("T", " ").replace("Z", "000");
  }
}
