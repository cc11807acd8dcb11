/**
 * Addresses of host names, for every connection that the programs make.
 *
 * `getaddrinfo` blocks a thread until it answers. A name that hangs must not hold up others: look-ups
 * of one name are shared, their number is bounded, each wait has a limit, and the last answer is kept.
 *
 * @packageDocumentation
 */
export { NameLookupError, NameLookupFailedError, NameLookupTimeoutError } from "./errors.ts";
export { lookupWithin, resolveName } from "./lookup-within.ts";
export { THREAD_POOL_SIZE } from "./lanes.ts";
