import { SqlFailure } from "./sql-failure.ts";

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
