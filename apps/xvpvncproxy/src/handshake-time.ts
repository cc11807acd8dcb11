/**
 * What is left of `handshake_timeout` for one connection: one time for all steps of its handshake. It
 * rests while a person is asked, and while an attempt is delayed.
 */
export class HandshakeTime {
  readonly #limitMs: number;
  readonly #now: () => number;
  #startMs: number;

  /**
   * @param limitMs - for the whole handshake
   * @param now - milliseconds of a clock
   * @param acceptedMs - when the connection was accepted, by the same clock
   */
  constructor(limitMs: number, now: () => number, acceptedMs: number) {
    this.#limitMs = limitMs;
    this.#now = now;
    this.#startMs = acceptedMs;
  }

  /** Milliseconds left, whole ones; 0 if the time is over. */
  get leftMs(): number {
    return Math.max(0, Math.ceil(this.#limitMs - (this.#now() - this.#startMs)));
  }

  /** Waits for a promise without counting the wait. */
  async resting<T>(wait: Promise<T>): Promise<T> {
    const sinceMs = this.#now();
    try {
      return await wait;
    } finally {
      this.#startMs += this.#now() - sinceMs;
    }
  }
}
