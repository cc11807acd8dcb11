import { lookup, type LookupOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { type AddressOrder, inOrder } from "./address-order.ts";
import { SharedLookups } from "./shared-lookups.ts";

/** Part of the time for a connection that its name may take: an error must come before the connection's own limit. */
const SHARE = 0.8;

/** One for the process, as libuv's threads are. */
const lookups = new SharedLookups({
  lookup: ({ hostname, family, hints }, callback) => {
    lookup(hostname, { family, hints, all: true, order: "verbatim" }, callback);
  },
  now: () => performance.now(),
});

/**
 * Makes a `lookup` for `net.connect` and all that passes options on to it, with the signature of
 * `dns.lookup`. Its answers and their order are those of `dns.lookup`.
 *
 * @param connectTimeoutMs - the limit for the whole connection; the name may take four fifths of it
 * @param signal - ends the wait with its reason
 * @returns a function whose callback gets {@link NameLookupError} if there is no answer
 */
export function lookupWithin(connectTimeoutMs: number, signal?: AbortSignal): LookupFunction {
  const limit = { timeoutMs: connectTimeoutMs * SHARE, signal };
  return (hostname, options, callback) => {
    if (isIP(hostname) !== 0) {
      lookup(hostname, options, callback);
      return;
    }
    const question = { hostname, family: familyOf(options), hints: options.hints ?? 0 };
    lookups.ask(question, limit, (error, addresses) => {
      if (error !== null) {
        callback(error, "");
        return;
      }
      const ordered = inOrder(addresses, options.order);
      const [first] = ordered;
      if (options.all === true) callback(null, [...ordered]);
      else callback(null, first?.address ?? "", first?.family);
    });
  };
}

/**
 * Finds one address of a name; an IP address is its own.
 *
 * @param order - which family wins if the name has both
 * @throws {@link NameLookupError}
 */
export function resolveName(
  hostname: string,
  timeoutMs: number,
  order?: AddressOrder,
): Promise<string> {
  if (isIP(hostname) !== 0) return Promise.resolve(hostname);
  return new Promise((resolve, reject) => {
    lookups.ask({ hostname, family: 0, hints: 0 }, { timeoutMs }, (error, addresses) => {
      const [first] = inOrder(addresses, order);
      if (error !== null) reject(error);
      else resolve(first?.address ?? "");
    });
  });
}

/** `dns.lookup` takes words as well as numbers. */
function familyOf({ family }: LookupOptions): number {
  if (family === "IPv4") return 4;
  return family === "IPv6" ? 6 : (family ?? 0);
}
