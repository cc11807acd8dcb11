import { FailureLevels } from "./failure-levels.ts";
import { networkOf } from "./network-of.ts";
import type { PeerWatch } from "./peer-watch.ts";
import type { ThrottleLimits } from "./throttle-limits.ts";

/** Networks whose failures are remembered: some 2 MB. */
const MOST_NETWORKS = 10_000;

/** The one key of the bucket of all networks. */
const ALL = "";

/** How a delay ended: its time was over, the peer left before, or there is no room for one more to wait. */
export type Admission = "admitted" | "left" | "refused";

/** What a {@link Throttle} needs. */
export interface ThrottleOptions {
  readonly limits: ThrottleLimits;
  /** Milliseconds of a clock that never jumps; only differences count. */
  readonly now: () => number;
  /** Told of each attempt that is made to wait, or that there is no room for. */
  readonly onThrottled?: ((address: string, outcome: "delayed" | "refused") => void) | undefined;
}

/** An attempt that waits. */
interface Waiting {
  readonly address: string;
  /** The failures of its network when it came. */
  readonly level: number;
  readonly end: (admission: Admission) => void;
}

/**
 * Delays the attempts of networks that fail again and again.
 *
 * Failures are counted in leaky buckets, one for each network and one for all. While a bucket has room
 * nothing waits, and while there are no failures an attempt costs one comparison. After that every
 * attempt waits for `delayMs` before it is made, so that the attempts that wait, divided by the delay,
 * are the rate of guesses. When no more may wait, an attempt takes the place of one whose network has
 * more failures.
 */
export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #ofNetwork: FailureLevels;
  readonly #ofAll: FailureLevels | null;
  readonly #waiting = new Set<Waiting>();
  /** How many of each network wait. */
  readonly #waitingOf = new Map<string, number>();
  #isClosed = false;

  constructor(options: ThrottleOptions) {
    this.#options = options;
    const { limits, now } = options;
    this.#ofNetwork = new FailureLevels(limits.failuresPerNetwork, MOST_NETWORKS, now);
    const { failuresInAll } = limits;
    this.#ofAll = failuresInAll === null ? null : new FailureLevels(failuresInAll, 2, now);
  }

  /** Attempts that wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Networks whose failures are remembered now. */
  get networks(): number {
    return this.#ofNetwork.size;
  }

  /**
   * Decides whether an attempt may be made now. To be called before each.
   *
   * @param watch - says when the peer leaves, which ends its delay; asked only if there is one
   * @returns null if it may be made at once
   */
  admit(address: string, watch: PeerWatch): Promise<Admission> | null {
    if (this.#ofNetwork.size === 0) return null;
    const network = networkOf(address);
    if (this.#roomInMs(network) === 0) return null;
    if (this.#isClosed) return Promise.resolve("left");
    const level = this.#ofNetwork.level(network);
    const hasRoom = this.#hasRoom(network, level);
    this.#options.onThrottled?.(address, hasRoom ? "delayed" : "refused");
    return hasRoom ? this.#wait(address, network, watch) : Promise.resolve("refused");
  }

  /** Counts an attempt that failed. */
  failed(address: string): void {
    this.#ofNetwork.add(networkOf(address));
    this.#ofAll?.add(ALL);
  }

  /** Takes back a failure that was counted before the outcome was known. */
  succeeded(address: string): void {
    this.#ofNetwork.remove(networkOf(address));
    this.#ofAll?.remove(ALL);
  }

  /** Whole seconds after which an attempt will not be delayed; 0 if it would not be now. */
  retryAfterSeconds(address: string): number {
    return Math.ceil(this.#roomInMs(networkOf(address)) / 1000);
  }

  /** Ends all delays, as if the peers had left; from now on nothing is admitted that would have to wait. */
  close(): void {
    this.#isClosed = true;
    for (const { end } of this.#waiting) end("left");
  }

  #roomInMs(network: string): number {
    return Math.max(this.#ofNetwork.roomInMs(network), this.#ofAll?.roomInMs(ALL) ?? 0);
  }

  #wait(address: string, network: string, watch: PeerWatch): Promise<Admission> {
    const level = this.#ofNetwork.level(network);
    return new Promise((resolve) => {
      let stop = (): void => undefined;
      const end = (admission: Admission): void => {
        if (!this.#waiting.delete(attempt)) return;
        clearTimeout(timer);
        stop();
        this.#count(network, -1);
        resolve(admission);
      };
      const attempt: Waiting = { address, level, end };
      const timer = setTimeout(end, this.#options.limits.delayMs, "admitted");
      this.#waiting.add(attempt);
      this.#count(network, 1);
      stop = watch(() => {
        end("left");
      });
      // It had left before, and was not told to stop.
      if (!this.#waiting.has(attempt)) stop();
    });
  }

  /** Makes room for one more, if an attempt waits that has less claim to it. */
  #hasRoom(network: string, level: number): boolean {
    const { waitingPerNetwork, waitingInAll } = this.#options.limits;
    if ((this.#waitingOf.get(network) ?? 0) >= waitingPerNetwork) return false;
    if (this.#waiting.size < waitingInAll) return true;
    let worst: Waiting | null = null;
    for (const attempt of this.#waiting) {
      if (attempt.level > (worst?.level ?? level)) worst = attempt;
    }
    if (worst === null) return false;
    this.#options.onThrottled?.(worst.address, "refused");
    worst.end("refused");
    return true;
  }

  #count(network: string, change: 1 | -1): void {
    const count = (this.#waitingOf.get(network) ?? 0) + change;
    if (count === 0) this.#waitingOf.delete(network);
    else this.#waitingOf.set(network, count);
  }
}
