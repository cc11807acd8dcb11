/** What the guide starts from: RHEL's own rules. */
const RHEL = [
  "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
  "-A INPUT -p icmp -j ACCEPT",
  "-A INPUT -i lo -j ACCEPT",
  "-A INPUT -m state --state NEW -m tcp -p tcp --dport 22 -j ACCEPT",
];
const GUIDE = "-A INPUT -m state --state NEW -m tcp -p tcp --dport 6080 -j ACCEPT";
const REJECT = "-A INPUT -j REJECT --reject-with icmp-host-prohibited";

/** What the doctor says of a port. */
export type Kind = "open" | "blocked" | "restricted" | "unknown";

/** Name, rules, what the doctor says, and whether the viewer at 10.99.0.2 connects. */
export const iptablesCases: [
  name: string,
  rules: readonly string[],
  says: Kind,
  connects: boolean,
][] = [
  ["no rule", [], "open", true],
  ["RHEL's rules as they come", [...RHEL, REJECT], "blocked", false],
  ["the guide's line above the REJECT", [...RHEL, GUIDE, REJECT], "open", true],
  ["the guide's line below the REJECT", [...RHEL, REJECT, GUIDE], "blocked", false],
  [
    "the other port's line only",
    [...RHEL, GUIDE.replace("6080", "6081"), REJECT],
    "blocked",
    false,
  ],
  ["a policy of DROP", [":INPUT DROP [0:0]"], "blocked", false],
  ["a policy of DROP and the line", [":INPUT DROP [0:0]", ...RHEL, GUIDE], "open", true],
  [
    "a policy of DROP and the line, and none for what follows",
    [":INPUT DROP [0:0]", GUIDE],
    "blocked",
    false,
  ],
  [
    "a range of ports",
    ["-A INPUT -p tcp --dport 6000:6100 -j ACCEPT", "-A INPUT -j DROP"],
    "open",
    true,
  ],
  [
    "multiport with it",
    ["-A INPUT -p tcp -m multiport --dports 22,80,6080:6081 -j ACCEPT", REJECT],
    "open",
    true,
  ],
  [
    "multiport without it",
    ["-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT", REJECT],
    "blocked",
    false,
  ],
  ["a negated port", ["-A INPUT -p tcp ! --dport 22 -j DROP"], "blocked", false],
  ["UDP of the same port", ["-A INPUT -p udp --dport 6080 -j ACCEPT", REJECT], "blocked", false],
  [
    "a chain that accepts",
    [
      ":IN_public - [0:0]",
      "-A INPUT -j IN_public",
      REJECT,
      "-A IN_public -p tcp --dport 6080 -j ACCEPT",
    ],
    "open",
    true,
  ],
  [
    "a chain that returns first",
    [
      ":IN_public - [0:0]",
      "-A INPUT -j IN_public",
      REJECT,
      "-A IN_public -p tcp -j RETURN",
      "-A IN_public -p tcp --dport 6080 -j ACCEPT",
    ],
    "blocked",
    false,
  ],
  [
    "a goto, which does not come back",
    [
      ":FAR - [0:0]",
      "-A INPUT -p tcp -g FAR",
      "-A INPUT -j DROP",
      "-A FAR -p tcp --dport 22 -j ACCEPT",
    ],
    "open",
    true,
  ],
  [
    "a log on the way",
    [
      '-A INPUT -p tcp -m comment --comment "who comes" -j LOG --log-prefix "in: "',
      ...RHEL,
      GUIDE,
      REJECT,
    ],
    "open",
    true,
  ],
  [
    "the viewer's network",
    ["-A INPUT -s 10.99.0.0/24 -p tcp --dport 6080 -j ACCEPT", REJECT],
    "restricted",
    true,
  ],
  [
    "another network",
    ["-A INPUT -s 192.0.2.0/24 -p tcp --dport 6080 -j ACCEPT", REJECT],
    "restricted",
    false,
  ],
  ["everybody but another network", ["-A INPUT -s 192.0.2.0/24 -j DROP"], "open", true],
  ["a source that is loopback", ["-A INPUT -s 127.0.0.0/8 -j ACCEPT", REJECT], "blocked", false],
  ["not by loopback", ["-A INPUT ! -i lo -j DROP"], "blocked", false],
  [
    "a SYN refused",
    [
      "-A INPUT -p tcp -m tcp --dport 6080 --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT --reject-with tcp-reset",
    ],
    "blocked",
    false,
  ],
  [
    "established ones only, by conntrack",
    ["-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-A INPUT -j DROP"],
    "blocked",
    false,
  ],
  [
    "what is not new is dropped",
    ["-A INPUT -m conntrack ! --ctstate NEW -j DROP"],
    "blocked",
    false,
  ],
  [
    "a limit, which nobody can foresee",
    ["-A INPUT -p tcp --dport 6080 -m limit --limit 5/sec -j ACCEPT", REJECT],
    "unknown",
    true,
  ],
  [
    "to this host's address",
    ["-A INPUT -m addrtype --dst-type LOCAL -p tcp --dport 6080 -j ACCEPT", REJECT],
    "open",
    true,
  ],
  [
    "a state in lower case, as people write it",
    [...RHEL, GUIDE.replace("NEW", "new"), REJECT],
    "open",
    true,
  ],
  [
    "what follows let in from another network only",
    ["-A INPUT -s 192.0.2.0/24 -m state --state ESTABLISHED -j ACCEPT", GUIDE, REJECT],
    "restricted",
    false,
  ],
  [
    "connections that are not tracked",
    [
      "*raw",
      "-A PREROUTING -p tcp --dport 6080 -j CT --notrack",
      "COMMIT",
      "*filter",
      ...RHEL,
      GUIDE,
      REJECT,
    ],
    "unknown",
    false,
  ],
  [
    "a limit of connections",
    ["-A INPUT -p tcp --syn --dport 6080 -m connlimit --connlimit-above 3 -j REJECT", GUIDE],
    "unknown",
    true,
  ],
  [
    "the usual flags that no viewer sends, refused",
    [
      "-A INPUT -p tcp --tcp-flags ALL NONE -j DROP",
      "-A INPUT -p tcp --tcp-flags SYN,RST SYN,RST -j DROP",
      "-A INPUT -p tcp ! --syn -m state --state NEW -j DROP",
      ...RHEL,
      GUIDE,
      REJECT,
    ],
    "open",
    true,
  ],
  [
    "a goto within a chain, which comes back to the caller's caller",
    [
      ":A - [0:0]",
      ":B - [0:0]",
      "-A INPUT -j A",
      "-A INPUT -j DROP",
      "-A A -g B",
      "-A A -j ACCEPT",
      "-A B -p tcp --dport 22 -j ACCEPT",
    ],
    "blocked",
    false,
  ],
  [
    "a wildcard of interfaces",
    [...RHEL, "-A INPUT -i dh+ -p tcp --dport 6080 -j ACCEPT", REJECT],
    "restricted",
    true,
  ],
];
