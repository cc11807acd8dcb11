import type { ThrottleLimits } from "@nova-console/throttle";

/**
 * Wrong passwords of VncAuth. A password has 46 bits, and a guess may hit any of 8192 tokens: with 14
 * guesses a second (120 a minute, and 60 that wait for 5 s each), from however many addresses, the
 * chance of one hit in a year is 4 %.
 */
export const PASSWORD_LIMITS: ThrottleLimits = {
  failuresPerNetwork: 10,
  failuresInAll: 120,
  delayMs: 5_000,
  waitingPerNetwork: 4,
  waitingInAll: 60,
};
