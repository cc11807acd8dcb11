const WINDOW_MS = 60_000;

/** Wrong passwords that a minute may bring. */
export interface AttemptLimits {
  readonly perAddress: number;
  /** From all addresses together. */
  readonly inAll: number;
}

/**
 * Limits how often passwords may be tried, for each address and in all.
 *
 * An attempt counts from its start, so that many at a time are limited as well; it is given back
 * when it was right. Counting starts anew every minute.
 */
export class AttemptLimit {
  readonly #limits: AttemptLimits;
  readonly #now: () => number;
  readonly #byAddress = new Map<string, number>();
  #inAll = 0;
  #windowEndsMs = -Infinity;

  /** @param now - milliseconds of a clock; only differences count */
  constructor(limits: AttemptLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Takes one attempt. @returns false if there is none left for this address, or in all */
  take(address: string): boolean {
    if (this.#now() >= this.#windowEndsMs) {
      this.#windowEndsMs = this.#now() + WINDOW_MS;
      this.#byAddress.clear();
      this.#inAll = 0;
    }
    const taken = this.#byAddress.get(address) ?? 0;
    if (taken >= this.#limits.perAddress || this.#inAll >= this.#limits.inAll) return false;
    // No more entries than attempts in all: an attacker with many addresses fills nothing.
    this.#byAddress.set(address, taken + 1);
    this.#inAll++;
    return true;
  }

  /** Gives an attempt back: it was right. */
  giveBack(address: string): void {
    const taken = this.#byAddress.get(address);
    // The minute may have ended meanwhile.
    if (taken === undefined || taken === 0) return;
    this.#byAddress.set(address, taken - 1);
    this.#inAll--;
  }
}
