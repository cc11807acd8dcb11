import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import type { SystemdMachine } from "./systemd-machine.ts";

/**
 * Gives a Debian what operators of Enterprise Linux type and edit, as thin as it is there: `yum` is dnf by another
 * name, `chkconfig NAME on` hands over to systemctl, and iptables-services is a unit around iptables-restore.
 */
export function addElTools(machine: SystemdMachine): void {
  symlinkSync("dnf", machine.path("/usr/bin/yum"));
  const chkconfig = machine.path("/usr/sbin/chkconfig");
  writeFileSync(
    chkconfig,
    '#!/bin/sh\n[ "$2" = on ] && exec systemctl enable "$1.service"\nexit 2\n',
  );
  chmodSync(chkconfig, 0o755);
  mkdirSync(machine.path("/etc/sysconfig"), { recursive: true });
  writeFileSync(machine.path("/etc/sysconfig/iptables"), RULES);
  writeFileSync(machine.path("/etc/systemd/system/iptables.service"), IPTABLES_SERVICE);
}

/** What a fresh host lets in: its own, what it asked for, and ssh. */
const RULES = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m state --state NEW -m tcp -p tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
COMMIT
`;

const IPTABLES_SERVICE = `[Unit]
Before=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/iptables-restore /etc/sysconfig/iptables
ExecStop=/usr/sbin/iptables --flush
[Install]
WantedBy=multi-user.target
`;
