import { BlockList, isIP } from "node:net";
import path from "node:path";
import { networksOf } from "@nova-console/listener";
import { withoutBrackets } from "./backend-address.ts";

/** What the operator allows tokens to lead to. */
export interface BackendPolicyOptions {
  /** `[console_proxy] backend_networks`, as ADDRESS or ADDRESS/BITS; empty: all but what is refused always. */
  readonly networks: readonly string[];
  /** `[console_proxy] backend_socket_dirs`: absolute paths; empty: no unix socket is dialled. */
  readonly socketDirs: readonly string[];
}

/** IPv4 networks in which no VNC server can be: address, bits, what they are. */
const NEVER_IPV4 = [
  ["0.0.0.0", 8, "an unspecified address"],
  ["169.254.0.0", 16, "a link-local address"],
  ["224.0.0.0", 4, "a multicast address"],
  ["255.255.255.255", 32, "the broadcast address"],
  // Alibaba Cloud; Azure's WireServer; Oracle Cloud's former one. All others are link-local.
  ["100.100.100.200", 32, "a metadata service"],
  ["168.63.129.16", 32, "a metadata service"],
  ["192.0.0.192", 32, "a metadata service"],
] as const;

/** The same for IPv6. */
const NEVER_IPV6 = [
  ["::", 128, "an unspecified address"],
  ["fe80::", 10, "a link-local address"],
  ["ff00::", 8, "a multicast address"],
  // Amazon EC2 and its EKS Pod Identity; Google Compute Engine; Scaleway.
  ["fd00:ec2::254", 128, "a metadata service"],
  ["fd00:ec2::23", 128, "a metadata service"],
  ["fd20:ce::254", 128, "a metadata service"],
  ["fd00:42::42", 128, "a metadata service"],
] as const;

/** Prefixes that carry an IPv4 address to another network: NAT64 (RFC 6052), IPv4-compatible (RFC 4291). */
const IPV4_IN_IPV6 = ["64:ff9b::", "::"];
const IPV4_IN_IPV6_BITS = 96;
/** 6to4 has the IPv4 address behind its first 16 bits. RFC 3056. */
const SIX_TO_FOUR_BITS = 16;

/** What is wrong with a unix socket elsewhere. */
export const OUTSIDE = "it is not below a folder of [console_proxy] backend_socket_dirs";

/** All networks that are refused whatever is configured: one look for the addresses that are not. */
const never = new BlockList();
/** The same networks by what they are, for the words of a refusal. */
const neverByKind: ReadonlyMap<string, BlockList> = listNever();

/**
 * Decides which backends may be dialled. A token says where it leads, and a program that can write tokens
 * could have the proxy connect to anything that its host reaches.
 *
 * Loopback is allowed unless `networks` leaves it out: the VNC server of a single machine listens there.
 */
export class BackendPolicy {
  /** null: all. */
  readonly #networks: BlockList | null;
  readonly #socketDirs: readonly string[];

  /** @throws RangeError that names the network that is none */
  constructor({ networks, socketDirs }: BackendPolicyOptions) {
    this.#networks = networks.length === 0 ? null : networksOf(networks);
    this.#socketDirs = socketDirs.map((dir) => path.normalize(`${dir}/`));
  }

  /**
   * Judges an IP address, in any spelling that `net.isIP` takes, IPv4-mapped or with a zone.
   *
   * @returns why it may not be dialled; null if it may
   */
  addressProblem(address: string): string | null {
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (never.check(address, family)) return `${address} is ${kindOf(address, family)}`;
    if (this.#networks === null || this.#networks.check(address, family)) return null;
    return `${address} is not in [console_proxy] backend_networks`;
  }

  /**
   * Finds the folder that a unix socket's path is in, by the path alone.
   *
   * @returns the folder, with "/" at its end; null if it is in none of those allowed
   */
  socketDirOf(socketPath: string): string | null {
    if (path.normalize(socketPath) !== socketPath || socketPath.endsWith("/")) return null;
    return this.#socketDirs.find((dir) => socketPath.startsWith(dir)) ?? null;
  }

  /**
   * Judges the host of a console before there is a token for it. A name passes: only the address that
   * it has when it is dialled counts.
   *
   * @param host - as in a console token: name, IP address or `unix:/path`
   * @returns why it would not be dialled; null if it may be
   */
  hostProblem(host: string): string | null {
    if (host.startsWith("unix:")) {
      return this.socketDirOf(host.slice("unix:".length)) === null ? OUTSIDE : null;
    }
    const address = withoutBrackets(host);
    return isIP(address) === 0 ? null : this.addressProblem(address);
  }
}

function kindOf(address: string, family: "ipv4" | "ipv6"): string {
  for (const [what, list] of neverByKind) {
    if (list.check(address, family)) return `${what}, where no console is`;
  }
  return "no address of a console";
}

/** Fills {@link never} as well. */
function listNever(): ReadonlyMap<string, BlockList> {
  const lists = new Map<string, BlockList>();
  const refuse = (what: string, address: string, bits: number, family: "ipv4" | "ipv6"): void => {
    const list = lists.get(what) ?? new BlockList();
    lists.set(what, list);
    for (const each of [list, never]) each.addSubnet(address, bits, family);
  };
  for (const [address, bits, what] of NEVER_IPV6) refuse(what, address, bits, "ipv6");
  for (const [address, bits, what] of NEVER_IPV4) {
    // IPv4-mapped IPv6 addresses are compared with IPv4 networks by BlockList itself.
    refuse(what, address, bits, "ipv4");
    refuse(what, sixToFour(address), SIX_TO_FOUR_BITS + bits, "ipv6");
    for (const prefix of IPV4_IN_IPV6) {
      // ::0.0.0.0/104 would hold ::1.
      if (prefix === "::" && address === "0.0.0.0") continue;
      refuse(what, `${prefix}${address}`, IPV4_IN_IPV6_BITS + bits, "ipv6");
    }
  }
  return lists;
}

function sixToFour(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return `2002:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}::`;
}
