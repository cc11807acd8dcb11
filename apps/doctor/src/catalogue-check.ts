import type { CatalogueEntry } from "./catalogue-entry.ts";
import { settingFindings } from "./catalogue-settings.ts";

/** Findings of `nova-console-doctor check`. */
export const checkFindings = {
  ...settingFindings,
  "token-store-setting": {
    severity: "fault",
    what: "The token store lacks a setting, or has one that it cannot use.",
    why: "The services do not start.",
    mend: "Set what is named.",
  },
  "token-store-unavailable": {
    severity: "fault",
    what: "The token store does not answer.",
    why: "No token can be checked: every console is refused (`token-store-unavailable`).",
    mend: "Look at the server or the file that is named.",
  },
  "token-store-cell": {
    severity: "fault",
    what: "`[database] connection` names nova's API database or that of cell0.",
    why: "No token of an instance that runs is in them: every console is refused.",
    mend: "Name the database of the cell, or set `[api_database] connection`.",
  },
  "broker-setting": {
    severity: "fault",
    what: "A setting of the message broker cannot be used.",
    why: "The services do not start with it.",
    mend: "Correct what is named.",
  },
  "broker-unavailable": {
    severity: "fault",
    what: "The message broker does not answer, or refuses our login.",
    why: "Nothing can be asked of nova's services: tokens of a nova-consoleauth are not found, and no port is confirmed, so consoles are refused.",
    mend: "Look at the broker, and at user, password and virtual host of `[DEFAULT] transport_url`.",
  },
  "token-store-not-for-service": {
    severity: "fault",
    what: "The user that the services run as may not write the file of the tokens, or its directory.",
    why: "It happens when root ran a command before the service did: every console is refused.",
    mend: "`chown nova:nova` the file, and what begins with its name.",
  },
  "compute-name": {
    severity: "fault",
    what: "The name of a compute host does not resolve here.",
    why: "Consoles of its instances do not open (`backend-unreachable`).",
    mend: "Add it to the DNS or to /etc/hosts, or set `server_proxyclient_address` there to an address.",
  },
  "compute-unreachable": {
    severity: "fault",
    what: "The VNC port of a compute host does not take a connection.",
    why: "Consoles of its instances do not open (`backend-unreachable`, `backend-timeout`).",
    mend: "On the compute: `server_listen` must be an address that this host reaches, and its firewall must let ports 5900 to 5999 in from here.",
  },
  "compute-no-rfb": {
    severity: "fault",
    what: "Something answers at the VNC port of a compute host, and it does not speak RFB.",
    why: "Consoles of its instances do not open (`backend-incompatible`).",
    mend: "Find out what listens there: `ss -lntp` on the compute.",
  },
  "clock-not-synchronised": {
    severity: "advice",
    what: "Nothing keeps this host's clock right.",
    why: "Tokens live for minutes: clocks that drift apart make new ones expired.",
    mend: "`systemctl enable --now chronyd`",
  },
  "clock-skew": {
    severity: "fault",
    what: "This host's clock and a controller's differ.",
    why: "Tokens expire early or late, and certificates too.",
    mend: "Synchronise both: `systemctl enable --now chronyd`, then `chronyc makestep`.",
  },
  "descriptors-too-few": {
    severity: "fault",
    what: "A proxy may open fewer files than its sessions need.",
    why: "Each console takes two. At the limit new ones are refused, and logs cannot be opened.",
    mend: "Raise LimitNOFILE of the unit, or lower `[console_proxy] max_sessions`.",
  },
  "connections-refused": {
    severity: "advice",
    what: "A proxy has refused connections since its start, because a limit was reached.",
    why: "To people it is a page or a console that does not open: status 429 or 502, or a reset. Behind a load balancer that does not say whom it speaks for, one limit is for everybody.",
    mend: "Name the load balancer in `[console_proxy] trusted_proxies` and have it send X-Forwarded-For or the PROXY header, or raise the limit.",
  },
  "selinux-execmem": {
    severity: "fault",
    what: "SELinux enforces nova_console_t without os_nova_use_execmem.",
    why: "Node.js compiles to memory that it then runs: the service dies at its start.",
    mend: "`setsebool -P os_nova_use_execmem on`",
  },
  "web-root-missing": {
    severity: "fault",
    what: "The directory of `[DEFAULT] web` is not there.",
    why: "nova-novncproxy does not start.",
    mend: "Install the page (`yum install novnc`), or remove `web`: ours comes with the program.",
  },
  "web-root-not-for-service": {
    severity: "fault",
    what: "The user that the services run as cannot read the web root.",
    why: "People see an error instead of the page.",
    mend: "`chmod -R o+rX DIRECTORY`",
  },
  "vnc-loopback": {
    severity: "advice",
    what: "nova.conf has the VNC servers of this compute listen, or be reached, on loopback only, in a cloud.",
    why: "Proxies on other hosts do not reach them, and live migration fails.",
    mend: "Set `[vnc] server_listen = 0.0.0.0` and `server_proxyclient_address = $my_ip`, and restart nova-compute.",
  },
  "workers-too-many": {
    severity: "advice",
    what: "There are more workers than cores.",
    why: "They take memory, and make nothing faster.",
    mend: "Remove `[console_proxy] workers`: one per core is the default.",
  },
  "log-not-for-service": {
    severity: "fault",
    what: "The user that the services run as cannot write the log.",
    why: "The services do not start.",
    mend: "`chown nova:root /var/log/nova` and `chmod 0750 /var/log/nova`; a log file of root: `chown nova FILE`.",
  },
  "service-restarts": {
    severity: "fault",
    what: "A service ends soon after each start, and systemd starts it again and again.",
    why: "Its port is closed most of the time.",
    mend: "`journalctl -u UNIT` says why it ends.",
  },
  "service-sandbox": {
    severity: "fault",
    what: "A unit keeps its own service from a file or folder that nova.conf names (ProtectHome, PrivateTmp, ReadWritePaths).",
    why: "Owner and mode are right, root sees the file, and the service does not.",
    mend: "Move the file below /etc/nova, or `systemctl edit UNIT`.",
  },
  "service-not-running": {
    severity: "fault",
    what: "A service is installed and does not run.",
    why: "Its port is closed, or it issues no tokens.",
    mend: "`systemctl status UNIT` says why; `systemctl start UNIT`.",
  },
  "service-not-enabled": {
    severity: "advice",
    what: "A service runs and is not enabled.",
    why: "After the next boot it does not run.",
    mend: "`systemctl enable UNIT`",
  },
  "predecessor-running": {
    severity: "fault",
    what: "nova's own Python proxy runs.",
    why: "It has the port, or shares the work with ours in ways that nobody expects.",
    mend: "Stop it, then start ours: `systemctl restart UNIT`.",
  },
  "predecessor-installed": {
    severity: "advice",
    what: "A program of the name is nova's own, in Python, not ours.",
    why: "The unit starts that one.",
    mend: "Install our package over it.",
  },
} satisfies Record<string, CatalogueEntry>;
