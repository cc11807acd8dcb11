import { isList, isRecord, textOf, type Json } from "./json.ts";
import { isMark, type MarkKind } from "./marks.ts";
import type { Answer, Packet } from "./model.ts";
import { flagsOf, isTcpFlags, shorten } from "./nft-values.ts";

/** What a packet has where a rule looks, so far as it is known: any of a few words, or a question of its own. */
export type Looked =
  | {
      readonly kind: "words";
      readonly words: readonly (string | number)[];
      readonly others: Answer;
    }
  | { readonly kind: "source" | "destination" | "interface" | "port" | "sport" }
  /** TCP flags, so far as a mask shows them. */
  | { readonly kind: "flags"; readonly flags: readonly string[] }
  /** The packet's mark or its connection's, so far as a mask shows it. */
  | { readonly kind: "mark"; readonly of: MarkKind; readonly mask: number }
  /** Whether there is a way back to where the packet came from. */
  | { readonly kind: "route" }
  | { readonly kind: "concat"; readonly parts: readonly Looked[] }
  | { readonly kind: "unknown"; readonly what: string };

/** Of a mark that no mask hides. */
const ALL_BITS = 0xffff_ffff;

/** Finds what a packet has at the left side of a match. */
export function lookAt(left: Json, packet: Packet): Looked {
  const words = (...known: (string | number)[]): Looked => ({
    kind: "words",
    words: known,
    others: "no",
  });
  if (!isRecord(left)) return { kind: "unknown", what: shorten(left) };
  const { meta, payload, ct, fib, concat, "&": masked } = left;
  if (concat !== undefined && isList(concat)) {
    return { kind: "concat", parts: concat.map((part) => lookAt(part, packet)) };
  }
  if (masked !== undefined && isList(masked)) {
    const [what = null, mask = null] = masked;
    const inner = lookAt(what, packet);
    if (inner.kind === "mark" && typeof mask === "number") return { ...inner, mask };
    if (inner.kind === "words" && isTcpFlags(what)) {
      const shown = flagsOf(mask);
      return { kind: "flags", flags: inner.words.map(String).filter((own) => shown.includes(own)) };
    }
  }
  if (isMark(left, "meta")) return { kind: "mark", of: "packet", mask: ALL_BITS };
  if (isMark(left, "ct")) return { kind: "mark", of: "connection", mask: ALL_BITS };
  if (isRecord(meta)) {
    switch (textOf(meta["key"])) {
      case "iifname":
      case "iif":
        return { kind: "interface" };
      case "l4proto":
        return words("tcp", 6);
      case "nfproto":
        return packet.family === "ipv4" ? words("ipv4", 2) : words("ipv6", 10);
      case "protocol":
        return packet.family === "ipv4" ? words("ip") : words("ip6");
      case "pkttype":
        return words("unicast", "host");
      default:
    }
  }
  if (isRecord(payload)) {
    const { protocol, field } = payload;
    switch (`${textOf(protocol)} ${textOf(field)}`) {
      case "tcp dport":
      case "th dport":
        return { kind: "port" };
      case "tcp sport":
      case "th sport":
        return { kind: "sport" };
      case "tcp flags":
        return words(packet.state === "new" ? "syn" : "ack");
      case "udp dport":
      case "udp sport":
      case "icmp type":
      case "icmpv6 type":
      case "sctp dport":
        return words();
      case "ip saddr":
        return packet.family === "ipv4" ? { kind: "source" } : words();
      case "ip6 saddr":
        return packet.family === "ipv6" ? { kind: "source" } : words();
      case "ip daddr":
        return packet.family === "ipv4" ? { kind: "destination" } : words();
      case "ip6 daddr":
        return packet.family === "ipv6" ? { kind: "destination" } : words();
      case "ip protocol":
        return packet.family === "ipv4" ? words("tcp", 6) : words();
      case "ip6 nexthdr":
        return packet.family === "ipv6" ? words("tcp", 6) : words();
      default:
    }
  }
  if (isRecord(ct)) {
    if (ct["key"] === "state") return words(packet.state);
    if (ct["key"] === "direction") return words("original");
    if (ct["key"] === "status") return words();
  }
  if (isRecord(fib) && fib["result"] === "type") {
    const flags = fib["flags"];
    const saddr = flags !== undefined && JSON.stringify(flags).includes("saddr");
    return saddr ? words("unicast") : words("local");
  }
  if (isRecord(fib) && textOf(fib["result"]).startsWith("oif")) return { kind: "route" };
  return { kind: "unknown", what: shorten(left) };
}
