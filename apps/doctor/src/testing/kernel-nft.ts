import type { Kind } from "./kernel-iptables.ts";

/** The same of nftables. */
export const nftCases: [name: string, rules: string, says: Kind, connects: boolean][] = [
  [
    "a policy of drop",
    "table inet f { chain input { type filter hook input priority 0; policy drop; } }",
    "blocked",
    false,
  ],
  [
    "the port accepted",
    "table inet f { chain input { type filter hook input priority 0; policy drop; ct state established,related accept; tcp dport 6080 ct state new accept; } }",
    "open",
    true,
  ],
  [
    "a set of ports",
    "table inet f { chain input { type filter hook input priority 0; policy drop; tcp dport { 22, 6080-6081 } accept; } }",
    "open",
    true,
  ],
  [
    "a named set",
    "table inet f { set open { type inet_service; elements = { 22, 6080 } } chain input { type filter hook input priority 0; policy drop; tcp dport @open accept; } }",
    "open",
    true,
  ],
  [
    "a verdict map of states and a jump",
    "table inet f { chain ports { tcp dport 6080 accept; } chain input { type filter hook input priority 0; policy drop; ct state vmap { established : accept, related : accept, invalid : drop }; iifname lo accept; jump ports; reject; } }",
    "open",
    true,
  ],
  [
    "a reject above the accept",
    "table inet f { chain input { type filter hook input priority 0; tcp dport != 22 reject; tcp dport 6080 accept; } }",
    "blocked",
    false,
  ],
  [
    "accepted by one table and dropped by another",
    "table inet a { chain input { type filter hook input priority -10; tcp dport 6080 accept; } } table ip b { chain input { type filter hook input priority 10; policy drop; } }",
    "blocked",
    false,
  ],
  [
    "a table that has the name of one of iptables",
    "table ip mangle { chain input { type filter hook input priority 0; policy drop; } }",
    "blocked",
    false,
  ],
  [
    "a table of IPv6 only",
    "table ip6 f { chain input { type filter hook input priority 0; policy drop; } }",
    "open",
    true,
  ],
  [
    "the viewer's network",
    "table ip f { chain input { type filter hook input priority 0; policy drop; ip saddr 10.99.0.0/24 tcp dport 6080 accept; } }",
    "restricted",
    true,
  ],
  [
    "dropped before routing",
    "table ip f { chain pre { type filter hook prerouting priority -300; tcp dport 6080 drop; } }",
    "blocked",
    false,
  ],
  [
    "a limit",
    "table ip f { chain input { type filter hook input priority 0; policy drop; tcp dport 6080 limit rate 50/second accept; } }",
    "unknown",
    true,
  ],
  [
    "a limit for each source, in a set",
    "table inet f { set m { type ipv4_addr; flags dynamic,timeout; timeout 1m; } chain input { type filter hook input priority 0; tcp dport 6080 ct state new add @m { ip saddr limit rate over 50/minute } drop; } }",
    "unknown",
    true,
  ],
  [
    "a quota",
    "table inet f { chain input { type filter hook input priority 0; tcp dport 6080 quota over 25 mbytes drop; } }",
    "unknown",
    true,
  ],
  [
    "a mask of flags",
    "table inet f { chain input { type filter hook input priority 0; policy drop; tcp flags & (fin|syn|rst|ack) != syn ct state new drop; tcp flags & (syn|rst) == (syn|rst) drop; ct state established accept; tcp dport 6080 accept; } }",
    "open",
    true,
  ],
  [
    "protocol and port in one set",
    "table inet f { chain input { type filter hook input priority 0; policy drop; ct state established accept; meta l4proto . th dport { tcp . 22, tcp . 6080 } accept; } }",
    "open",
    true,
  ],
  [
    "protocol and port in one set that has not both",
    "table inet f { chain input { type filter hook input priority 0; policy drop; ct state established accept; meta l4proto . th dport { tcp . 22, udp . 6080 } accept; } }",
    "blocked",
    false,
  ],
  [
    "a set of intervals",
    "table inet f { set p { type inet_service; flags interval; elements = { 22, 6000-6100 } } chain input { type filter hook input priority 0; policy drop; ct state { established, related } accept; meta l4proto tcp th dport @p accept; } }",
    "open",
    true,
  ],
  [
    "a named map of verdicts",
    "table inet f { map p { type inet_service : verdict; flags interval; elements = { 22 : accept, 6000-6100 : jump ok } } chain ok { accept; } chain input { type filter hook input priority 0; policy drop; ct state established accept; tcp dport vmap @p; } }",
    "open",
    true,
  ],
  [
    "connections that are not tracked",
    "table inet f { chain pre { type filter hook prerouting priority -300; tcp dport 6080 notrack; } chain input { type filter hook input priority 0; policy drop; ct state new,established tcp dport 6080 accept; } }",
    "unknown",
    false,
  ],
  [
    "a drop in a later chain of the same table",
    "table inet f { chain a { type filter hook input priority 0; tcp dport 6080 accept; } chain b { type filter hook input priority 5; tcp dport 6080 drop; } }",
    "blocked",
    false,
  ],
  [
    "the way back looked for",
    "table inet f { chain pre { type filter hook prerouting priority -300; fib saddr . iif oif missing drop; } }",
    "open",
    true,
  ],
  [
    "a goto and a return in the chain of the hook",
    "table inet f { chain x { tcp dport 22 accept; } chain input { type filter hook input priority 0; policy drop; goto x; tcp dport 6080 accept; } }",
    "blocked",
    false,
  ],
  [
    "interfaces by a wildcard",
    "table inet f { chain input { type filter hook input priority 0; policy drop; iifname dh* tcp dport 6080 accept; ct state established accept; } }",
    "restricted",
    true,
  ],
];
