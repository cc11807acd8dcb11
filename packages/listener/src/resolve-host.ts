import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/**
 * The IP address to bind for a host name; an IP address is its own.
 *
 * @param preferIpv6 - which family wins if the name has both
 * @throws the resolver's error, with its `code`, if the name has no address
 */
export async function resolveHost(host: string, preferIpv6: boolean): Promise<string> {
  if (isIP(host) !== 0) return host;
  const found = await lookup(host, { order: preferIpv6 ? "ipv6first" : "ipv4first" });
  return found.address;
}
