import { resolveName } from "@nova-console/name-lookup";

/** How long a start waits for the address of the host it listens on. */
const LOOKUP_TIMEOUT_MS = 10_000;

/**
 * The IP address to bind for a host name; an IP address is its own.
 *
 * @param preferIpv6 - which family wins if the name has both
 * @throws `NameLookupError` if the name has no address, or the name service does not answer
 */
export function resolveHost(host: string, preferIpv6: boolean): Promise<string> {
  return resolveName(host, LOOKUP_TIMEOUT_MS, preferIpv6 ? "ipv6first" : "ipv4first");
}
