import { randomUUID } from "node:crypto";
import {
  type AuthorizedConsole,
  buildAccessUrl,
  type ConnectInfo,
  type ConsoleRequest,
  InvalidTokenError,
  Token,
  type TokenAuthority,
  TokenStoreError,
  validateConsoleRequest,
  validateEndpoint,
  validateInstanceUuid,
} from "@nova-console/token";
import { RedisConnection } from "./redis-connection.ts";
import { decodeRecord, RECORD_FIELDS } from "./redis-record.ts";
import * as scripts from "./redis-scripts.ts";
import { missingRedisUrl, parseRedisUrl } from "./redis-url.ts";

/** Digests that one run of the purge removes: a script holds up everybody else. */
const PURGE_BATCH = 1000;
/** Records that are asked for at a time. */
const LIST_BATCH = 500;
/** Of `connect_timeout`: a session that waits as long as that ends for its own reason, not for the store's. */
const SHARE_OF_CONNECT_TIMEOUT = 0.5;

/** Where a store is kept. */
export interface RedisTokenStoreOptions {
  /** `[console_proxy] redis_url`; null when unset. */
  readonly url: string | null;
  /** `[console_proxy] connect_timeout`; half of it is the most that the store takes to answer. */
  readonly connectTimeoutMs: number;
}

/**
 * Opens the store. It connects by itself, now and whenever the connection is lost: Redis need not be
 * there yet.
 *
 * @throws {@link TokenStoreSettingError} if the URL or its CA file is not usable
 */
export function openRedisTokenStore(options: RedisTokenStoreOptions): TokenAuthority {
  const { url, connectTimeoutMs } = options;
  if (url === null || url === "") throw missingRedisUrl();
  const location = parseRedisUrl(url);
  const answerTimeoutMs = Math.max(1, Math.floor(connectTimeoutMs * SHARE_OF_CONNECT_TIMEOUT));
  return new RedisTokenStore(location.place, new RedisConnection(location, answerTimeoutMs));
}

/**
 * Tokens as hashes under their SHA-256, which the server removes when they end. Their time is the
 * server's, and so are the scripts' comparisons: the clocks of those that ask do not count.
 */
class RedisTokenStore implements TokenAuthority {
  readonly place: string;
  readonly #redis: RedisConnection;

  constructor(place: string, redis: RedisConnection) {
    this.place = place;
    this.#redis = redis;
  }

  async validate(token: Token): Promise<ConnectInfo> {
    const info = await this.#recordOf(token.digest);
    if (info === null) throw new InvalidTokenError();
    return info;
  }

  async authorize(request: ConsoleRequest): Promise<AuthorizedConsole> {
    const {
      ttlSeconds,
      token = new Token(randomUUID()),
      ...place
    } = validateConsoleRequest(request);
    // Before anything is written: a token that has no URL must not be left.
    const url = buildAccessUrl(place.accessUrlBase, token, place.consoleType);
    const expires = await this.#redis.run(
      scripts.AUTHORIZE,
      token.digest,
      ttlSeconds,
      place.instanceUuid,
      place.host,
      place.port,
      place.internalAccessPath ?? "",
      place.consoleType,
      place.accessUrlBase,
    );
    return { token, info: { ...place, tokenDigest: token.digest, expires }, url };
  }

  async revokeInstance(instanceUuid: string): Promise<number> {
    const uuid = validateInstanceUuid(instanceUuid);
    return this.#redis.run(scripts.REVOKE_INSTANCE, uuid);
  }

  async revokeToken(token: Token): Promise<boolean> {
    return (await this.#redis.run(scripts.REVOKE_TOKEN, token.digest)) > 0;
  }

  async list(): Promise<ConnectInfo[]> {
    const digests = await this.#digests("ZRANGE", 0, -1);
    const found: ConnectInfo[] = [];
    for (let start = 0; start < digests.length; start += LIST_BATCH) {
      const batch = digests.slice(start, start + LIST_BATCH);
      const records = await Promise.all(batch.map((digest) => this.#recordOf(digest)));
      found.push(...records.filter((record) => record !== null));
    }
    return found.sort((a, b) => compare(a.instanceUuid, b.instanceUuid) || a.expires - b.expires);
  }

  async liveDigests(limit: number): Promise<readonly string[]> {
    // What has expired would take the place of what is live.
    await this.purge();
    return limit < 1 ? [] : this.#digests("ZREVRANGE", 0, limit - 1);
  }

  async purge(): Promise<number> {
    let removed = 0;
    for (;;) {
      const count = await this.#redis.run(scripts.PURGE, PURGE_BATCH);
      removed += count;
      if (count < PURGE_BATCH) return removed;
    }
  }

  async move(instanceUuid: string, host: string, port: number): Promise<number> {
    const uuid = validateInstanceUuid(instanceUuid);
    validateEndpoint(host, port);
    return this.#redis.run(scripts.MOVE, uuid, host, port);
  }

  close(): Promise<void> {
    this.#redis.close();
    return Promise.resolve();
  }

  /** The record of a live token, in one round trip. */
  async #recordOf(digest: string): Promise<ConnectInfo | null> {
    // The script compares as well: a record may have lost its end.
    const reply = await this.#redis.askScript(scripts.READ, digest, ...RECORD_FIELDS);
    return decodeRecord(reply, digest, this.place);
  }

  async #digests(command: "ZRANGE" | "ZREVRANGE", from: number, to: number): Promise<string[]> {
    const reply = await this.#redis.ask(command, scripts.TOKENS_KEY, from, to);
    if (Array.isArray(reply) && reply.every((digest) => typeof digest === "string")) return reply;
    throw new TokenStoreError(`token store ${this.place}: ${scripts.TOKENS_KEY} is damaged`);
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
