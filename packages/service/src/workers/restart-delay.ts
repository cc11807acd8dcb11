/** A worker that lived so long did not die of its start. */
const STABLE_MS = 30_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

/**
 * How long to wait before a worker is replaced: not at all, unless one after the other dies young.
 */
export class RestartDelay {
  #diedYoung = 0;

  /**
   * @param livedMs - how long the worker lived that is to be replaced
   * @returns milliseconds
   */
  after(livedMs: number): number {
    if (livedMs >= STABLE_MS) this.#diedYoung = 0;
    const delayMs =
      this.#diedYoung === 0
        ? 0
        : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#diedYoung - 1));
    this.#diedYoung += 1;
    return delayMs;
  }
}
