/** How many failures are free, and how the attempts after them are delayed. */
export interface ThrottleLimits {
  /** Failures of one network without a delay: so many at once, and so many a minute after that. */
  readonly failuresPerNetwork: number;
  /** The same for all networks together; null: no limit. */
  readonly failuresInAll: number | null;
  /** How long an attempt waits once those are used up, in milliseconds. */
  readonly delayMs: number;
  /** Most attempts of one network that wait at a time. */
  readonly waitingPerNetwork: number;
  /** Most attempts of all networks that wait at a time. */
  readonly waitingInAll: number;
}

/**
 * The part of one worker in the limits of all: connections are spread over the workers, so nothing has
 * to be asked of another process. Each has at least 1 of everything, so that with more workers than a
 * limit says the limit is the number of workers.
 *
 * @param workers - how many processes share the port
 */
export function limitsOfWorker(limits: ThrottleLimits, workers: number): ThrottleLimits {
  const { failuresInAll } = limits;
  const upTo = (limit: number): number => Math.max(1, Math.floor(limit / workers));
  return {
    delayMs: limits.delayMs,
    failuresPerNetwork: Math.ceil(limits.failuresPerNetwork / workers),
    failuresInAll: failuresInAll === null ? null : Math.ceil(failuresInAll / workers),
    waitingPerNetwork: upTo(limits.waitingPerNetwork),
    waitingInAll: upTo(limits.waitingInAll),
  };
}
