import { limitsOfWorker, Throttle, type ThrottleLimits } from "@nova-console/throttle";
import type { RepeatedLines } from "./repeated-lines.ts";

/** What is tried: a console token, a viewer's password, the secret of the HTTP API. */
export type AttemptKind = "token" | "password" | "API secret";

/** What {@link createLoggedThrottle} needs. */
export interface LoggedThrottleOptions {
  readonly kind: AttemptKind;
  /** Of all workers together. */
  readonly limits: ThrottleLimits;
  readonly workers: number;
  readonly lines: RepeatedLines;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
  /** Told of each attempt that is not made at once. */
  readonly onThrottled?: ((outcome: "delayed" | "refused") => void) | undefined;
}

/**
 * Wrong tokens, whichever way they come in. A token has 122 bits, so this is no defence against guesses:
 * it bounds what one address costs the token store and the log.
 */
export const TOKEN_LIMITS: ThrottleLimits = {
  failuresPerNetwork: 30,
  failuresInAll: null,
  delayMs: 2_000,
  // The listener bounds the connections of one address.
  waitingPerNetwork: 1_024,
  waitingInAll: 1_024,
};

/** Creates a worker's part of a throttle that warns the operator, once a minute for each address. */
export function createLoggedThrottle(options: LoggedThrottleOptions): Throttle {
  const { kind, limits, workers, lines, now, onThrottled } = options;
  const messages = {
    delayed: `too many wrong ${kind}s: attempts from this address are delayed`,
    refused: `too many wrong ${kind}s: an attempt is refused, as too many wait already`,
  };
  return new Throttle({
    limits: limitsOfWorker(limits, workers),
    now,
    onThrottled: (address, outcome) => {
      const fields = { address, delayMs: limits.delayMs };
      lines.write({ level: "warn", message: messages[outcome], address, reason: outcome, fields });
      onThrottled?.(outcome);
    },
  });
}
