import { byInterface, fromNetworks, invertIf, toNetworks } from "./addresses.ts";
import { judgeMark, parseMark, type SettableMarks } from "./marks.ts";
import { only, unknown, type Answer, type Packet, type Verdict } from "./model.ts";
import type { PortNames } from "./port-names.ts";

/** A packet, and what is known where rules are asked about it. */
export interface AskedPacket extends Packet {
  readonly marks: SettableMarks;
  readonly portNames: PortNames;
}

/** What iptables' targets do; those that are none of these are chains, if there is one of the name. */
const TERMINAL: Readonly<Record<string, Verdict>> = {
  ACCEPT: { kind: "accept" },
  DROP: { kind: "drop" },
  REJECT: { kind: "drop" },
  RETURN: { kind: "return" },
};
/** They look at a packet, or mark it, and let it go on. */
const PASSING = new Set(
  "LOG NFLOG ULOG MARK CONNMARK CONNSECMARK SECMARK TRACE CT TOS DSCP TTL HL TCPMSS CHECKSUM CLASSIFY AUDIT SET TCPOPTSTRIP TEE IDLETIMER LED RATEEST".split(
    " ",
  ),
);
/** They take a packet away from the rules, to another port, or from the states that a packet is asked with. */
const DOUBTFUL = new Set(
  "NOTRACK QUEUE NFQUEUE TARPIT DNAT REDIRECT TPROXY SYNPROXY NETMAP CLUSTERIP BALANCE".split(" "),
);

/** Modules whose options are understood below, or that change nothing. */
const KNOWN_MODULES = new Set(
  "state conntrack tcp multiport comment addrtype iprange pkttype udp icmp icmp6 icmpv6 rt standard mark connmark physdev".split(
    " ",
  ),
);

/** Options that say what to do, not with what. They take a value. */
const TARGET_OPTIONS =
  /^--(reject-with|log-|nflog-|ulog-|set-|to-|on-|queue-|tproxy-|save|restore|nfmask|ctmask|mask|and-mark|or-mark|xor-mark|checksum-fill|zone|helper|clamp-mss|gateway|add-set|del-set|exist|timeout)/;
/** Of those, the ones that take none. */
const BARE_TARGET_OPTIONS =
  /^--(log-tcp-sequence|log-tcp-options|log-ip-options|log-uid|log-macdecode|clamp-mss-to-pmtu|checksum-fill|save-mark|restore-mark|save|restore|queue-bypass|exist)$/;

/** A rule's words behind `-A CHAIN`, asked about a packet. */
export function judgeIptablesRule(
  words: readonly string[],
  packet: AskedPacket,
): { readonly answers: readonly Answer[]; readonly verdict: Verdict } {
  const answers: Answer[] = [];
  let verdict: Verdict = { kind: "continue" };
  const rest = [...words];
  let inverted = false;
  let module = "";
  const take = (): string => {
    // Older iptables has the "!" behind the option's name.
    if (rest[0] === "!") {
      inverted = true;
      rest.shift();
    }
    return rest.shift() ?? "";
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "!") {
      inverted = true;
      continue;
    }
    if (word === "-j" || word === "--jump") verdict = targetOf(take(), "jump");
    else if (word === "-g" || word === "--goto") verdict = { kind: "goto", chain: take() };
    else if (word === "-m" || word === "--match") {
      module = take();
      if (!KNOWN_MODULES.has(module)) answers.push(unknown(`-m ${module}`));
    } else if (word === "--notrack") verdict = { kind: "unknown", what: "-j CT --notrack" };
    else if (BARE_TARGET_OPTIONS.test(word)) continue;
    else if (TARGET_OPTIONS.test(word)) take();
    else if (word === "--comment" || word === "-c" || word === "--set-counters") {
      take();
      if (word !== "--comment") take();
    } else {
      const answer = matchOf(word, take, packet, module);
      answers.push(invertIf(inverted, answer));
    }
    inverted = false;
  }
  // What an unknown module is given is unknown as well, and said once.
  return { answers: oneUnknownEach(answers), verdict };
}

function targetOf(name: string, kind: "jump"): Verdict {
  const terminal = TERMINAL[name];
  if (terminal !== undefined) return terminal;
  if (PASSING.has(name)) return { kind: "continue" };
  return DOUBTFUL.has(name) ? { kind: "unknown", what: `-j ${name}` } : { kind, chain: name };
}

function matchOf(word: string, take: () => string, packet: AskedPacket, module: string): Answer {
  switch (word) {
    case "-p":
    case "--protocol":
    case "--proto":
      return isOneOf(take(), ["tcp", "6", "all", "0"]);
    case "-s":
    case "--source":
    case "--src":
      return fromNetworks(take().split(","), packet);
    case "-d":
    case "--destination":
    case "--dst":
      return toNetworks(take().split(","), packet);
    case "-i":
    case "--in-interface":
      return byInterface(take(), packet);
    case "-o":
    case "--out-interface":
    case "-f":
    case "--fragment":
      if (word.startsWith("-o") || word.startsWith("--out")) take();
      return "no";
    case "--dport":
    case "--destination-port":
    case "--dports":
    case "--destination-ports":
    case "--ports":
      return includesPort(take(), packet);
    case "--sport":
    case "--source-port":
    case "--sports":
    case "--source-ports":
      return fromPorts(take(), packet.portNames);
    case "--state":
    case "--ctstate":
      return isOneOf(packet.state, take().toLowerCase().split(","));
    case "--ctdir":
      return take() === "ORIGINAL" ? "yes" : "no";
    case "--ctproto":
      return isOneOf(take(), ["tcp", "6"]);
    case "--syn":
      return packet.state === "new" ? "yes" : "no";
    case "--tcp-flags":
      return hasFlags(take(), take(), packet.state === "new" ? "SYN" : "ACK");
    case "--src-range":
      return { kind: "only", where: take() };
    case "--dst-range":
      return { kind: "only", where: `to ${take()}` };
    case "--dst-type":
      return take().split(",").includes("LOCAL") ? "yes" : "no";
    case "--src-type":
      return take().split(",").includes("UNICAST") ? "yes" : "no";
    case "--pkt-type":
      return take() === "unicast" ? "yes" : "no";
    case "--mark": {
      const text = take();
      const mark = parseMark(text);
      const kind = module === "connmark" ? "connection" : "packet";
      const what = `-m ${module} --mark ${text}`;
      return mark === null ? unknown(what) : judgeMark(mark, kind, packet.marks, what);
    }
    // A packet for this machine comes in by a port of a bridge, and leaves by none.
    case "--physdev-in":
      return only(`bridge port ${take()}`);
    case "--physdev-is-in":
      return only("a port of a bridge");
    case "--physdev-out":
      take();
      return "no";
    case "--physdev-is-out":
    case "--physdev-is-bridged":
      return "no";
    // Routing headers are of IPv6, and no viewer sends one.
    case "--rt-type":
    case "--icmp-type":
    case "--icmpv6-type":
      take();
      return "no";
    default:
      // Of a module that was told of already, or an option of ours to learn: either way nobody can tell.
      return unknown(word);
  }
}

function isOneOf(word: string, names: readonly string[]): Answer {
  return names.includes(word.toLowerCase()) ? "yes" : "no";
}

/** `6080`, `6080:6081`, `22,ssh,6000:6100`, `:1024`. */
function includesPort(text: string, { port, portNames }: AskedPacket): Answer {
  const parts = text.split(",").map((part) => rangeOf(part, portNames));
  if (parts.some((part) => part === null)) return unknown(`port ${text}`);
  return parts.some((part) => part !== null && part.first <= port && port <= part.last)
    ? "yes"
    : "no";
}

/** A viewer's own port is any above 1023. */
function fromPorts(text: string, names: PortNames): Answer {
  const parts = text.split(",").map((part) => rangeOf(part, names));
  if (parts.some((part) => part !== null && part.first <= 1024 && part.last >= 65_535))
    return "yes";
  if (parts.every((part) => part !== null && part.last < 1024)) return "no";
  return { kind: "only", where: `source port ${text}` };
}

function rangeOf(
  text: string,
  names: PortNames,
): { readonly first: number; readonly last: number } | null {
  const trimmed = text.trim();
  const whole = portOf(trimmed, names);
  if (whole !== null) return { first: whole, last: whole };
  // A service's name may have a "-" itself: a range of names has ":".
  const match = /^([^:]*):([^:]*)$/.exec(trimmed) ?? /^(\d*)-(\d*)$/.exec(trimmed);
  if (match === null || trimmed.length === 1) return null;
  const [, from = "", to = ""] = match;
  const first = from === "" ? 0 : portOf(from, names);
  const last = to === "" ? 65_535 : portOf(to, names);
  return first === null || last === null ? null : { first, last };
}

function portOf(text: string, names: PortNames): number | null {
  return /^\d{1,5}$/.test(text) ? Number(text) : (names.get(text) ?? null);
}

/** The first packet of a connection has SYN, and no other flag; those that follow have ACK. */
function hasFlags(looked: string, set: string, own: "SYN" | "ACK"): Answer {
  const all: readonly string[] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
  const mask = looked === "ALL" ? all : looked.split(",");
  const wanted = set === "ALL" ? all : set === "NONE" ? [] : set.split(",");
  const seen: readonly string[] = mask.filter((flag) => flag === own);
  return seen.length === wanted.length && wanted.every((flag) => seen.includes(flag))
    ? "yes"
    : "no";
}

function oneUnknownEach(answers: readonly Answer[]): Answer[] {
  const modules = answers.filter(
    (answer) =>
      typeof answer === "object" && answer.kind === "unknown" && answer.what.startsWith("-m "),
  );
  if (modules.length === 0) return [...answers];
  return [
    ...answers.filter((answer) => typeof answer !== "object" || answer.kind !== "unknown"),
    ...modules,
  ];
}
