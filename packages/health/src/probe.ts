/** How old an answer may be that needs no new question. */
const FRESH_MS = 1_000;
/** How long a caller waits for a new answer: health checks of load balancers give up after 2 s. */
const PATIENCE_MS = 1_500;
/** How old the last answer may be that stands in for one that is late. */
const STALE_MS = 10_000;

/** What {@link Probe} needs. */
export interface ProbeOptions {
  /** Asks the dependency. Rejects with the reason why it cannot be used. */
  readonly ask: () => Promise<unknown>;
  /** Longest that an answer may take, in milliseconds: what a console would wait for. */
  readonly limitMs: number;
  /** A clock in milliseconds; only differences count. */
  readonly now: () => number;
}

/**
 * Asks a dependency how it is: one question at a time, at most one a second, and only when somebody wants
 * to know.
 */
export class Probe {
  readonly #options: ProbeOptions;
  #last: { readonly problem: string | null; readonly atMs: number } | null = null;
  #asking: Promise<void> | null = null;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /**
   * Waits for an answer for at most 1.5 s. One that is late is replaced by the last one, if that is not
   * older than 10 s.
   *
   * @returns why the dependency cannot be used; null if it can
   */
  async problem(): Promise<string | null> {
    if (this.#isYounger(FRESH_MS)) return this.#last?.problem ?? null;
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    await atMost(this.#asking, PATIENCE_MS);
    if (this.#isYounger(STALE_MS)) return this.#last?.problem ?? null;
    return `has not answered within ${PATIENCE_MS} ms`;
  }

  #isYounger(limitMs: number): boolean {
    return this.#last !== null && this.#options.now() - this.#last.atMs < limitMs;
  }

  async #ask(): Promise<void> {
    const { ask, limitMs, now } = this.#options;
    let problem: string | null = null;
    try {
      if (!(await atMost(ask(), limitMs))) problem = `does not answer within ${limitMs} ms`;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.#last = { problem, atMs: now() };
  }
}

/** @returns whether it was done in time. @throws what it rejects with in time */
async function atMost(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, limitMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
