/**
 * Delays the attempts of addresses that fail again and again.
 *
 * Tokens, passwords and secrets are all tried against one {@link Throttle} each. It delays and never
 * bans: a right token from an address with failures opens after its delay, so that one guest behind a
 * NAT or a load balancer shuts nobody else out.
 *
 * @packageDocumentation
 */
export { networkOf } from "./network-of.ts";
export { untilClosed, untilLeft, type PeerWatch } from "./peer-watch.ts";
export { limitsOfWorker, type ThrottleLimits } from "./throttle-limits.ts";
export { type Admission, Throttle, type ThrottleOptions } from "./throttle.ts";
