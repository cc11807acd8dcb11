import { BlockList, isIP } from "node:net";

/** The host of a URL, IPv6 addresses without their brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether a host is, to every machine that looks it up, itself. */
export function isLoopbackHost(host: string): boolean {
  if (host === "localhost") return true;
  const kind = isIP(host);
  return kind !== 0 && loopback.check(host, kind === 4 ? "ipv4" : "ipv6");
}
