import type { Socket } from "node:net";

const IPV4_MAPPED = "::ffff:";

/**
 * The peer's IP address, an IPv4-mapped one as plain IPv4: one client has one name, whichever
 * socket it came in by.
 *
 * @returns null if the peer has gone already
 */
export function peerAddress(socket: Socket): string | null {
  const address = socket.remoteAddress;
  if (address === undefined) return null;
  return address.startsWith(IPV4_MAPPED) && address.includes(".")
    ? address.slice(IPV4_MAPPED.length)
    : address;
}
