import type { WatchedPort } from "./check-port.ts";
import type { IptablesSource } from "./gather.ts";
import type { Passage } from "./evaluate.ts";
import type { Layer } from "./judge.ts";

/** The line of the guide. */
function guideLine(port: number): string {
  return `-A INPUT -m state --state NEW -m tcp -p tcp --dport ${port} -j ACCEPT`;
}

/**
 * Where the guide's line has to stand, and how it comes into force.
 *
 * @param source - the rules that the layer judged
 */
export function mendIptables(
  { port, family }: WatchedPort,
  { passage, name }: Layer,
  source: IptablesSource | null,
): readonly string[] {
  const line = guideLine(port);
  const isFile = name.includes("/");
  const decided = passage.kind === "blocked" || passage.kind === "restricted" ? passage : null;
  const rule = decided?.by.via ?? null;
  const command = family === "ipv4" ? "iptables" : "ip6tables";
  const hook = decided?.hook.split(" ") ?? [];
  if (hook.length === 2) {
    // ACCEPT in another table does not outweigh it.
    return [
      `${command} -t ${hook.join(" -S ")}    (that rule has to go, or to spare port ${port})`,
    ];
  }
  const { policies } = source?.save ?? { policies: new Map<string, unknown>() };
  if (policies.has("filter ufw-user-input") || policies.has("filter ufw6-user-input")) {
    // ufw writes all of its chains anew: a rule that is put among them by hand is lost.
    return [`ufw allow ${port}/tcp`];
  }
  const loopback = source?.save.rules.find(
    ({ table, chain, text }) =>
      table === "filter" && chain === "INPUT" && /-i lo\b.*-j ACCEPT/.test(text),
  );
  if (!isFile) {
    const own = source?.save.rules.filter(
      ({ table, chain }) => table === "filter" && chain === "INPUT",
    );
    const number = (own ?? []).findIndex(({ line: at }) => at === rule?.line) + 1;
    const where = number > 0 ? ` ${number}` : "";
    return [
      `${command} -I INPUT${where} ${line.replace("-A INPUT ", "")}`,
      `to keep it, in /etc/sysconfig/${command}, below -A INPUT -i lo -j ACCEPT and above -A INPUT -j REJECT:`,
      line,
      `service ${command} restart    (Debian: netfilter-persistent save)`,
    ];
  }
  const below = loopback === undefined ? [] : [`below line ${loopback.line} (${loopback.text})`];
  const above = rule === null ? [] : [`above line ${rule.line ?? "?"} (${rule.text})`];
  const places = [...below, ...above];
  const tooLate = passage.kind === "blocked" ? passage.tooLate : null;
  return [
    `in ${name}: in *filter, ${places.join(", ") || "before COMMIT"}`,
    tooLate === null ? line : `${tooLate.text}    (moved up from line ${tooLate.line ?? "?"})`,
    `service ${command} restart`,
  ];
}

/** Has a service or, where the port is none of the known ones, the port itself. */
export function mendFirewalld({ port, program }: WatchedPort, { name }: Layer): readonly string[] {
  const zone = name.replace(/^zone /, "--zone=");
  const usual = program === "nova-novncproxy" ? 6080 : 6081;
  const what =
    program !== null && port === usual ? `--add-service=${program}` : `--add-port=${port}/tcp`;
  return [`firewall-cmd --permanent ${zone} ${what} && firewall-cmd --reload`];
}

/** Packets of connections that are there already. */
export function mendEstablished({ kind, name, passage }: Layer): readonly string[] {
  if (kind === "nftables") {
    return [`nft insert rule ${hookOf(passage)} ct state established,related accept`];
  }
  const line = "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT";
  return name.includes("/")
    ? [`in ${name}, as the first rule of INPUT:`, line, "service iptables restart"]
    : [`iptables -I INPUT 1 ${line.replace("-A INPUT ", "")}`, "service iptables save"];
}

/** A rule in front of the others; nft's own file keeps it. */
export function mendNft({ port }: WatchedPort, { passage }: Layer): readonly string[] {
  return [
    `nft insert rule ${hookOf(passage)} tcp dport ${port} ct state new accept`,
    "to keep it: add the same to /etc/nftables.conf (RHEL: /etc/sysconfig/nftables.conf)",
  ];
}

/** The chain that decided, as nft's commands name it. */
function hookOf(passage: Passage): string {
  return passage.kind === "blocked" || passage.kind === "restricted"
    ? passage.hook
    : "inet filter input";
}
