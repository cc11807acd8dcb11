import { isIP } from "node:net";
import type { InterfaceAddress } from "../facts/facts.ts";
import { finding, fine, type Result } from "../finding.ts";
import type { Pair } from "./pair.ts";

/** Networks that every host has for itself. */
const OWN_BRIDGES = /^(virbr|docker|podman|cni|veth|vnet|tap|br-int|br-tun|lxc|flannel)/;

/** Same subnet: the guide, 8.1.4.1. */
export function checkSubnet({ source, destination }: Pair): Result[] {
  const theirs = destination.addresses.filter(counts);
  for (const mine of source.addresses.filter(counts)) {
    const other = theirs.find((each) => each.address !== mine.address && sameNetwork(mine, each));
    if (other !== undefined) {
      return [fine(`${mine.address} and ${other.address} are in ${networkOf(mine)}`)];
    }
  }
  const list = (addresses: readonly InterfaceAddress[]): string =>
    addresses.map(({ address, prefix }) => `${address}/${prefix}`).join(", ") || "none";
  return [
    finding(
      "migration-subnet",
      `${source.host.name} has ${list(source.addresses.filter(counts))}; ${destination.host.name} has ${list(theirs)}`,
      ["ip addr    (on both: is the migration network up?)"],
    ),
  ];
}

function counts({ interface: name, address }: InterfaceAddress): boolean {
  return !OWN_BRIDGES.test(name) && !/^(fe80:|169\.254\.|127\.|::1$)/i.test(address);
}

function sameNetwork(a: InterfaceAddress, b: InterfaceAddress): boolean {
  return (
    a.prefix === b.prefix && isIP(a.address) === isIP(b.address) && networkOf(a) === networkOf(b)
  );
}

/** `192.0.2.0/24` */
function networkOf({ address, prefix }: InterfaceAddress): string {
  const isV6 = isIP(address) === 6;
  const bits = isV6 ? 128n : 32n;
  const hostBits = bits - BigInt(prefix);
  const network = (numberOf(address, isV6) >> hostBits) << hostBits;
  return `${format(network, isV6)}/${prefix}`;
}

function numberOf(address: string, isV6: boolean): bigint {
  if (!isV6) return address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  // The URL parser writes IPv6 without an IPv4 tail.
  const plain = new URL(`http://[${address.split("%", 1)[0] ?? ""}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function format(network: bigint, isV6: boolean): string {
  if (!isV6) return [24n, 16n, 8n, 0n].map((shift) => String((network >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_unused, index) =>
    ((network >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
