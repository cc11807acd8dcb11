import { BlockList, isIP } from "node:net";

/**
 * The addresses that a list names.
 *
 * @param networks - IP addresses, or networks as ADDRESS/BITS
 * @throws RangeError that names the one that is neither
 */
export function networksOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const [address = "", bits, ...rest] = text.split("/");
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
    if (version === 0 || rest.length > 0 || !(prefix <= most)) {
      throw new RangeError(`"${text}" is neither an IP address nor ADDRESS/BITS`);
    }
    list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/** @param address - as `peerAddress` has it */
export function isAmong(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
