/**
 * A pool of a driver, and how many ask it: one that was replaced ends when nobody does any more.
 *
 * Ended at once, it would refuse those who wait for one of its connections, or leave them waiting.
 */
export class RetiringPool<P extends { end(): Promise<unknown> }> {
  readonly #pool: P;
  #users = 0;
  #isRetired = false;

  constructor(pool: P) {
    this.#pool = pool;
  }

  /** Asks it; whoever has begun to is not cut off by {@link retire}. */
  async use<T>(ask: (pool: P) => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await ask(this.#pool);
    } finally {
      this.#users -= 1;
      this.#endIfUnused();
    }
  }

  /** To be called when nobody new is to ask it. */
  retire(): void {
    this.#isRetired = true;
    this.#endIfUnused();
  }

  /** Ends it, whoever asks. */
  async end(): Promise<void> {
    await this.#pool.end();
  }

  #endIfUnused(): void {
    if (this.#isRetired && this.#users === 0) this.#pool.end().catch(() => undefined);
  }
}
