import { getDefaultResultOrder, type LookupAddress } from "node:dns";

/** Order of IPv4 and IPv6 addresses, as `dns.lookup` has it. */
export type AddressOrder = ReturnType<typeof getDefaultResultOrder>;

/**
 * Puts one family first, and keeps the order within each.
 *
 * @param order - absent: Node's own default
 */
export function inOrder(
  addresses: readonly LookupAddress[],
  order: AddressOrder = getDefaultResultOrder(),
): readonly LookupAddress[] {
  if (order === "verbatim") return addresses;
  const first = order === "ipv4first" ? 4 : 6;
  return [
    ...addresses.filter(({ family }) => family === first),
    ...addresses.filter(({ family }) => family !== first),
  ];
}
