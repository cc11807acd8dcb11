/** A semaphore for requests: those that find no free slot wait in the order in which they came. */
export class RequestSlots {
  readonly #waiting: ((release: () => void) => void)[] = [];
  #free: number;

  /** @param size - most requests at a time; those that wait are bounded by the broker's prefetch */
  constructor(size: number) {
    this.#free = size;
  }

  /** @param begin - called when a slot is free, at once if one is; `release` gives it back */
  take(begin: (release: () => void) => void): void {
    this.#waiting.push(begin);
    this.#next();
  }

  /** Drops those that wait. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #next(): void {
    if (this.#free === 0) return;
    const begin = this.#waiting.shift();
    if (begin === undefined) return;
    this.#free -= 1;
    begin(() => {
      this.#free += 1;
      this.#next();
    });
  }
}
