import { BlockList, isIP } from "node:net";
import { not, only, unknown, type Answer, type Packet } from "./model.ts";

/**
 * Whether a packet from another machine comes from one of these networks.
 *
 * @param networks - `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`, addresses alone
 */
export function fromNetworks(networks: readonly string[], packet: Packet): Answer {
  const mine = networks.filter(
    (network) => isIP(addressOf(network)) === (packet.family === "ipv4" ? 4 : 6),
  );
  if (mine.some((network) => prefixOf(network) === 0)) return "yes";
  if (networks.some((network) => isIP(addressOf(network)) === 0)) {
    return unknown(`source ${networks.join(",")}`);
  }
  const others = mine.filter((network) => !isLoopback(network));
  return others.length === 0 ? "no" : only(others.join(", "));
}

/** Whether a packet comes in by this interface: from another machine, never by loopback. */
export function byInterface(name: string, { interface: own }: Pick<Packet, "interface">): Answer {
  if (name === "lo") return "no";
  if (name === "+" || name === "*") return "yes";
  if (own === undefined) return only(`interface ${name}`);
  const isPattern = name.endsWith("+") || name.endsWith("*");
  return (isPattern ? own.startsWith(name.slice(0, -1)) : own === name) ? "yes" : "no";
}

/** Whether a packet goes to this address of ours. */
export function toNetworks(networks: readonly string[], packet: Packet): Answer {
  const answer = fromNetworks(networks, packet);
  return typeof answer === "object" && answer.kind === "only" ? only(`to ${answer.where}`) : answer;
}

/** Whether it is one of these; `inverted` as "!" has it. */
export function invertIf(inverted: boolean, answer: Answer): Answer {
  return inverted ? not(answer) : answer;
}

function addressOf(network: string): string {
  return network.split("/", 1)[0] ?? "";
}

function prefixOf(network: string): number {
  const text = network.split("/")[1];
  if (text === undefined) return 128;
  if (/^\d+$/.test(text)) return Number(text);
  // A mask of zeros is the whole network; how long others are does not matter here.
  return /^(0\.){3}0$|^::$/.test(text) ? 0 : 1;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(network: string): boolean {
  const address = addressOf(network);
  return loopback.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
