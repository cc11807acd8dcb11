import { isIPv6 } from "node:net";

const GROUPS = 8;
/** A site gets a /64 at least, and each of its machines may use any address of it. */
const COUNTED_GROUPS = 4;

/**
 * What limits count a client by: an IPv4 address, or the /64 of an IPv6 address.
 *
 * @param address - as `peerAddress` has it
 * @see RFC 6177 §2
 */
export function clientNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = "", after] = address.split("::");
  const first = groupsOf(before);
  const last = groupsOf(after ?? "");
  const zeros = after === undefined ? 0 : GROUPS - first.length - last.length;
  const groups = [...first, ...Array<string>(Math.max(0, zeros)).fill("0"), ...last];
  return `${groups.slice(0, COUNTED_GROUPS).join(":")}::/64`;
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
