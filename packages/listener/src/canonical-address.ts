import { isIP, SocketAddress } from "node:net";

const IPV4_MAPPED = "::ffff:";

/**
 * Writes an IP address as `peerAddress` does: one client has one name, in whichever form it is given.
 *
 * @param ip - an IP address
 */
export function canonicalAddress(ip: string): string {
  // A zone is of the load balancer's machine, and no client's.
  if (isIP(ip) !== 6 || ip.includes("%")) return ip;
  const { address } = new SocketAddress({ address: ip, family: "ipv6" });
  const isMapped = address.startsWith(IPV4_MAPPED) && address.includes(".");
  return isMapped ? address.slice(IPV4_MAPPED.length) : address;
}
