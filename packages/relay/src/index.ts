/**
 * Bytes both ways between two channels: bounded, counted, half-closes passed on.
 *
 * It looks into nothing and decides nothing; the session that calls it gives the limits and makes
 * a close reason of the result.
 *
 * @packageDocumentation
 */
export { relay } from "./relay.ts";
export type { RelayEnding, RelayLimits, RelayResult, RelayTraffic } from "./relay.ts";
