/** What may be taken and given back, so many of each key at a time. */
export interface Slots {
  /** @returns whether there was one */
  take(key: string): boolean | Promise<boolean>;
  giveBack(key: string): void;
}

/** Slots that nobody else takes; a key of which nothing is taken costs nothing. */
export class CountedSlots implements Slots {
  readonly #most: number;
  readonly #used = new Map<string, number>();

  /** @param most - slots of each key */
  constructor(most: number) {
    this.#most = most;
  }

  take(key: string): boolean {
    const used = this.#used.get(key) ?? 0;
    if (used >= this.#most) return false;
    this.#used.set(key, used + 1);
    return true;
  }

  giveBack(key: string): void {
    const used = this.#used.get(key) ?? 0;
    if (used > 1) this.#used.set(key, used - 1);
    else this.#used.delete(key);
  }
}
