import { isIP, type BlockList } from "node:net";
import { canonicalAddress } from "./canonical-address.ts";
import { isAmong } from "./trusted-peers.ts";

/** Load balancers behind each other that are followed. */
const MOST_HOPS = 16;

/** `ADDRESS`, `IPV4:PORT`, `[IPV6]` or `[IPV6]:PORT`. */
const HOP = /^(?:\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|(\S+))$/;

/**
 * Finds the client of a request that load balancers passed on: the rightmost address of
 * X-Forwarded-For that is not one of theirs. What stands left of it, the client may have made up.
 *
 * ```
 * X-Forwarded-For: made up, CLIENT, BALANCER       and the peer is a balancer
 * ```
 *
 * @param header - all X-Forwarded-For headers of the request, joined by commas; undefined: none
 * @param peer - who sent the request, as `peerAddress` has it
 * @param trusted - whose word counts
 * @returns `peer` if it is not trusted, or if what it says is malformed; the leftmost address if
 *   all are trusted
 */
export function forwardedFor(header: string | undefined, peer: string, trusted: BlockList): string {
  if (header === undefined || !isAmong(trusted, peer)) return peer;
  let client = peer;
  let end = header.length;
  for (let hops = 0; end >= 0; hops += 1) {
    const comma = end === 0 ? -1 : header.lastIndexOf(",", end - 1);
    const address = addressOf(header.slice(comma + 1, end));
    if (address === null || hops === MOST_HOPS) return peer;
    client = address;
    if (!isAmong(trusted, client)) return client;
    end = comma;
  }
  return client;
}

/** @returns null for what is no address */
function addressOf(hop: string): string | null {
  const match = HOP.exec(hop.trim());
  const address = match?.[1] ?? match?.[2] ?? match?.[3] ?? "";
  // A zone is of another machine, and means nothing here.
  return isIP(address) === 0 || address.includes("%") ? null : canonicalAddress(address);
}
