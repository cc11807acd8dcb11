import type { CatalogueEntry } from "./catalogue-entry.ts";

/** Findings of `nova-console-doctor firewall`. */
export const firewallFindings = {
  "firewall-blocked": {
    severity: "fault",
    what: "A new connection from another machine does not get through to a port of the proxies.",
    why: "Viewers wait until they give up, or are refused.",
    mend: "In /etc/sysconfig/iptables, below `-A INPUT -i lo -j ACCEPT` and above `-A INPUT -j REJECT`: `-A INPUT -m state --state NEW -m tcp -p tcp --dport 6080 -j ACCEPT`, then `service iptables restart`. With firewalld: `firewall-cmd --permanent --add-service=nova-novncproxy && firewall-cmd --reload`.",
  },
  "firewall-below-reject": {
    severity: "fault",
    what: "There is a rule that lets a port in, but it stands below the one that rejects everything.",
    why: "Rules are asked from the top: it is never reached.",
    mend: "Move the line above the REJECT, then `service iptables restart`.",
  },
  "firewall-no-established": {
    severity: "fault",
    what: "New connections get in, and the packets that follow do not: no rule is for ESTABLISHED.",
    why: "Connections are made, and then nothing comes.",
    mend: "As the first rule of INPUT: `-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT`, then `service iptables restart`.",
  },
  "firewall-restricted": {
    severity: "advice",
    what: "Only some sources get through to a port.",
    why: "That may be meant; people elsewhere see no console.",
    mend: "Nothing, if it is meant; else add the rule without the source.",
  },
  "firewall-not-loaded": {
    severity: "fault",
    what: "/etc/sysconfig/iptables lets a port in, and the rules that are in force do not.",
    why: "The file was edited and not loaded.",
    mend: "`service iptables restart`",
  },
  "firewall-not-saved": {
    severity: "advice",
    what: "The rules in force let a port in, and /etc/sysconfig/iptables does not.",
    why: "After the next boot, or `service iptables restart`, the port is closed.",
    mend: "Add the line to the file, or `service iptables save`.",
  },
} satisfies Record<string, CatalogueEntry>;
