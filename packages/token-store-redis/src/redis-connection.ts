import { TokenStoreError } from "@nova-console/token";
import { createRedisClient, type RedisClient } from "./redis-client.ts";
import { type Script, SCRIPT_KEYS } from "./redis-scripts.ts";
import type { RedisLocation } from "./redis-url.ts";

type Argument = string | number;

const LOST = "the connection was lost";

/**
 * Asks Redis, and says within a time that it cannot.
 *
 * While the first attempt to connect goes on, a question waits for it. After that one that has no
 * connection is refused at once with the reason why, so that nothing piles up while Redis is away.
 */
export class RedisConnection {
  readonly #location: RedisLocation;
  readonly #answerTimeoutMs: number;
  readonly #client: RedisClient;
  /** Settled once the first attempt has come to an end, good or bad. */
  readonly #tried: Promise<void>;
  /** Why the last connection, or attempt at one, came to its end. */
  #failure = new Error("not connected");
  /** Why the last name could not be looked up; null since there was a connection. */
  #nameFailure: Error | null = null;
  #closed = false;

  /**
   * @param answerTimeoutMs - most that a question may take
   * @throws {@link TokenStoreSettingError} if the CA file cannot be read
   */
  constructor(location: RedisLocation, answerTimeoutMs: number) {
    this.#location = location;
    this.#answerTimeoutMs = answerTimeoutMs;
    this.#client = createRedisClient(location, answerTimeoutMs, (error) => {
      this.#nameFailure = error;
    });
    this.#tried = new Promise((resolve) => {
      this.#client.once("ready", resolve).once("error", resolve).once("close", resolve);
    });
    this.#client.on("error", (error: Error) => {
      this.#failure = error;
    });
    this.#client.on("ready", () => {
      this.#failure = new Error(LOST);
    });
    this.#client.on("connect", () => {
      this.#nameFailure = null;
    });
  }

  /** One command. @throws {@link TokenStoreError} */
  async ask(command: string, ...args: Argument[]): Promise<unknown> {
    return this.#within(() => this.#client.call(command, ...args));
  }

  /** One script that answers a number. @throws {@link TokenStoreError} */
  async run(script: Script, ...args: Argument[]): Promise<number> {
    const reply = await this.askScript(script, ...args);
    if (typeof reply !== "number") throw this.#errorFrom("it gave an answer that is no number");
    return reply;
  }

  /** One script; its text goes along only if the server does not know it. @throws {@link TokenStoreError} */
  async askScript({ lua, sha1 }: Script, ...args: Argument[]): Promise<unknown> {
    const rest = [SCRIPT_KEYS.length, ...SCRIPT_KEYS, ...args];
    return this.#within(async () => {
      try {
        return await this.#client.call("EVALSHA", sha1, ...rest);
      } catch (error) {
        if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
        return this.#client.call("EVAL", lua, ...rest);
      }
    });
  }

  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  async #within<T>(question: () => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#errorFrom("is closed");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${this.#answerTimeoutMs} ms`));
      }, this.#answerTimeoutMs);
    });
    try {
      return await Promise.race([this.#whenConnected(question), late]);
    } catch (error) {
      const words = describe(error);
      const name = this.#nameFailure?.message ?? "";
      throw this.#errorFrom(words.includes(name) ? words : `${words} (${name})`);
    } finally {
      clearTimeout(timer);
    }
  }

  async #whenConnected<T>(question: () => Promise<T>): Promise<T> {
    await this.#tried;
    if (this.#client.status !== "ready") throw this.#failure;
    return question();
  }

  /**
   * The client's own errors are not kept as cause: they carry the command's arguments, which may be
   * the password.
   */
  #errorFrom(what: string): TokenStoreError {
    const { place, credentials, sentinelCredentials } = this.#location;
    const secrets = [credentials.password, sentinelCredentials.password];
    const shown = secrets.reduce<string>(
      (text, secret) => (secret === null || secret === "" ? text : text.replaceAll(secret, "***")),
      what,
    );
    return new TokenStoreError(`token store ${place}: ${shown}`);
  }
}

function describe(error: unknown): string {
  // A Cluster says that all nodes failed, and in here why the last one did, if it answered anything.
  const nested = error instanceof Error && "lastNodeError" in error ? error.lastNodeError : null;
  if (nested instanceof Error) {
    const reason = describe(nested);
    return reason === LOST ? "no node of the Cluster can be reached" : reason;
  }
  const { errors } = error instanceof AggregateError ? error : { errors: [] };
  const text = errors.length > 0 ? errors.map(messageOf).join(", ") : messageOf(error);
  if (/^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/.test(text)) {
    return `refuses the user or the password of redis_url (${text})`;
  }
  // What the client says of the last one is that its connection is closed.
  if (text.startsWith("All sentinels are unreachable")) {
    return "no Sentinel can be reached that knows the master";
  }
  if (text.startsWith("Command timed out")) return "no answer in time";
  if (/^Reached the max retries per request limit|^Connection is closed/.test(text)) {
    return LOST;
  }
  return text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
