const WINDOW_MS = 60_000;

/** A leaky bucket: each failure adds 1, and a minute takes `perMinute` away again. */
interface Bucket {
  level: number;
  /** When `level` was right. */
  atMs: number;
}

/** After this long without a failure every bucket is empty: it holds twice its limit at most. */
const EMPTY_AFTER_MS = 2 * WINDOW_MS;

/**
 * Leaky buckets by key, at most `mostKeys` of them: a flood of keys makes it forget those whose last
 * failure is longest ago. It has no timers, and a key without failures costs nothing.
 *
 * Two generations, as in a clock cache: keys that fail are in the young one; when that is full, or as
 * old as a bucket needs to leak, it becomes the old one, and what was that is forgotten. Nothing is
 * ever searched.
 */
export class FailureLevels {
  readonly #perMinute: number;
  readonly #mostOfGeneration: number;
  readonly #now: () => number;
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();
  /** When the young generation began. */
  #bornMs: number;

  /**
   * @param perMinute - what a bucket holds without consequences, and loses in a minute
   * @param mostKeys - 2 or more; the last half of them is remembered for certain
   * @param now - milliseconds of a clock; only differences count
   */
  constructor(perMinute: number, mostKeys: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#mostOfGeneration = Math.floor(mostKeys / 2);
    this.#now = now;
    this.#bornMs = now();
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Failures that have not leaked away. */
  level(key: string): number {
    const bucket = this.#find(key);
    return bucket === undefined ? 0 : this.#leak(bucket);
  }

  /** Milliseconds until one more failure has room; 0 if it has now. */
  roomInMs(key: string): number {
    const over = this.level(key) - (this.#perMinute - 1);
    return over <= 0 ? 0 : (over * WINDOW_MS) / this.#perMinute;
  }

  /** Counts a failure. A bucket holds twice its limit at most, so that it is calm a minute after the last. */
  add(key: string): void {
    const bucket = this.#find(key) ?? { level: 0, atMs: this.#now() };
    bucket.level = Math.min(this.#leak(bucket) + 1, 2 * this.#perMinute);
    this.#old.delete(key);
    this.#young.set(key, bucket);
    const ageMs = this.#now() - this.#bornMs;
    if (this.#young.size >= this.#mostOfGeneration || ageMs > EMPTY_AFTER_MS) this.#turn();
  }

  /** Takes a failure back. */
  remove(key: string): void {
    const bucket = this.#find(key);
    if (bucket === undefined) return;
    bucket.level = this.#leak(bucket) - 1;
    if (bucket.level > 0) return;
    this.#young.delete(key);
    this.#old.delete(key);
  }

  #find(key: string): Bucket | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  #leak(bucket: Bucket): number {
    const now = this.#now();
    // A clock that goes back takes nothing away, and the bucket leaks from there on.
    const passedMs = Math.max(0, now - bucket.atMs);
    bucket.level = Math.max(0, bucket.level - (passedMs * this.#perMinute) / WINDOW_MS);
    bucket.atMs = now;
    return bucket.level;
  }

  #turn(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#bornMs = this.#now();
  }
}
