import { isIP } from "node:net";

const LISTEN = "0A";
const ANY = /^0+$/;
/** `::ffff:0:0/96`, as the kernel prints it on a little-endian machine. */
const MAPPED = "0000000000000000FFFF0000";

/**
 * Inodes of the sockets that listen on a port, where a service with this `host` meets them: a load balancer may have
 * the same port at another address of the machine.
 *
 * @param table - /proc/net/tcp or tcp6
 * @see proc_net_tcp in the kernel's documentation
 */
export function listenersOn(table: string, port: number, host: string): string[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const [address = "", hex = ""] = local.split(":");
      const isPort = Number.parseInt(hex, 16) === port;
      return state === LISTEN && isPort && meets(address, host) ? [inode] : [];
    });
}

function meets(address: string, host: string): boolean {
  // IPv6 addresses are rare here, and a name may be any address: both count.
  if (ANY.test(address) || isIP(host) !== 4 || host === "0.0.0.0") return true;
  const bytes = host.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  const own = bytes.reverse().join("").toUpperCase();
  return address === own || address === MAPPED + own;
}
