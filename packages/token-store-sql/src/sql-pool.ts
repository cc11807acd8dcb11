import { connectFailureFrom, SqlFailure } from "./sql-failure.ts";

/** oslo.db's 0 is "no limit"; here every pool has one. */
const LARGEST_POOL = 50;

/** @param maxPoolSize - `[database] max_pool_size` @returns most connections of a pool to one server */
export function connectionLimit(maxPoolSize: number): number {
  return maxPoolSize === 0 ? LARGEST_POOL : maxPoolSize;
}

/** What is put into a statement. */
export type SqlValue = string | number | null;

/** What a statement did. */
export interface SqlResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Rows that were inserted, changed or deleted. */
  readonly changes: number;
}

/** Some connections to one server, made when they are needed and again after they broke. */
export interface SqlPool {
  /**
   * Runs one statement by itself, in one round trip.
   *
   * @param values - for its `?` or `$1`, in order
   * @throws {@link SqlFailure}
   */
  run(sql: string, values: readonly SqlValue[]): Promise<SqlResult>;

  /** Ends all connections; what is running may end first. */
  close(): Promise<void>;
}

/** The load on one pool: tells a pool that is busy from a server that cannot be reached. */
export class PoolLoad {
  readonly #server: string;
  readonly #size: number;
  #used = 0;
  #answers = 0;

  /** @param size - most connections of the pool */
  constructor(server: string, size: number) {
    this.#server = server;
    this.#size = size;
  }

  /** Counts a connection that asks. */
  take(): void {
    this.#used += 1;
  }

  /** Counts a connection that has asked. @param isAnswered - whether the server said anything */
  giveBack(isAnswered: boolean): void {
    this.#used -= 1;
    if (isAnswered) this.#answers += 1;
  }

  /**
   * Begins a wait for a free connection.
   *
   * @returns makes a failure of an error that ended the wait in vain
   */
  startWait(limitMs: number): (error: unknown) => SqlFailure {
    const answersBefore = this.#answers;
    return (error) => {
      const isAnswering = this.#answers > answersBefore;
      if (this.#used < this.#size && !isAnswering) return connectFailureFrom(error, this.#server);
      const silence = isAnswering ? "" : ", without an answer meanwhile";
      return this.#busy(`for more than ${limitMs} ms${silence}`, error);
    };
  }

  /** @param error - says that no more may wait */
  queueIsFull(error: unknown): SqlFailure {
    return this.#busy("or being made, and no more questions may wait for one", error);
  }

  /** @param howLong - completes "all connections are in use" */
  #busy(howLong: string, cause: unknown): SqlFailure {
    const message = `${this.#server}: all ${this.#size} connections are in use ${howLong}`;
    return new SqlFailure("busy", message, { cause });
  }
}

/**
 * Waits, but not longer than that.
 *
 * @param what - what is waited for, for the error
 * @throws {@link SqlFailure} of kind `silent`
 */
export async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new SqlFailure("silent", `${what} took more than ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a connection is good for nothing after a failure, and its siblings probably too. */
export function breaksConnection({ kind }: SqlFailure): boolean {
  return kind === "lost" || kind === "silent" || kind === "read-only";
}
