import { BlockList, isIP, isIPv6, type Socket } from "node:net";
import { networkInterfaces } from "node:os";

/** Any of these means all addresses of the machine, and is none that a caller could ask by. */
const ALL_ADDRESSES = new Set(["0.0.0.0", "::"]);

/**
 * Says whether a `Host` header names the server that got it. A web page whose name was made to lead
 * here (DNS rebinding) has another one.
 *
 * It may be `localhost`, the host that the server was told to listen on, or an address: the
 * connection's own, and on all addresses each of this machine's.
 *
 * @param host - of the header, with or without a port
 * @param listensOn - `HOST:PORT`, `[IPV6]:PORT` or `unix:/PATH`, as the operator wrote it
 * @param socket - which the request came by
 */
export function isOwnHost(host: string, listensOn: string, socket: Socket): boolean {
  const name = hostOf(host);
  if (name === "localhost") return true;
  const isUnix = listensOn.startsWith("unix:");
  const configured = isUnix ? "localhost" : hostOf(listensOn);
  if (ALL_ADDRESSES.has(name)) return false;
  if (name === configured && name !== "") return true;
  if (isIP(name) === 0) return false;
  const own = new BlockList();
  if (configured === "localhost" || isLoopback(configured)) {
    own.addSubnet("127.0.0.0", 8);
    own.addAddress("::1", "ipv6");
  } else if (ALL_ADDRESSES.has(configured)) {
    for (const { address } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
      own.addAddress(address, familyOf(address));
    }
  }
  if (socket.localAddress !== undefined) {
    own.addAddress(socket.localAddress, familyOf(socket.localAddress));
  }
  return own.check(name, familyOf(name));
}

/** Without the port and the brackets. */
function hostOf(text: string): string {
  const [, ipv6, name] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(text.toLowerCase()) ?? [];
  return ipv6 ?? name ?? "";
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
