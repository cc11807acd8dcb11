import { program as doctor } from "nova-console-doctor/declaration";
import { declaration as consoleauth } from "nova-consoleauth/declaration";
import { declaration as novncproxy } from "nova-novncproxy/declaration";
import { declaration as xvpvncproxy } from "nova-xvpvncproxy/declaration";
import { confPage } from "./conf-page.ts";
import { item, paragraph, type Block, type ManualPage } from "./manual-page.ts";
import { programPage, type ProgramManual } from "./program-page.ts";

const files = (program: string, unit: string): Block[] => [
  item(
    "`/etc/nova/nova.conf`",
    "Configuration. `nova-console.conf`(5) has the options and the other places.",
  ),
  item(
    `\`/etc/sysconfig/${unit}\`, \`/etc/default/${program}\``,
    "OPTIONS= for the command line of the service: of the RPM, and of the .deb.",
  ),
  item(
    `\`/var/log/nova/${program}.log\``,
    "Log, where log_dir is /var/log/nova. A new file is begun after a rename or SIGHUP.",
  ),
  item("`/var/lib/nova/consoles.sqlite`", "Tokens, where no [database] connection is set."),
];

const signals: readonly Block[] = [
  item(
    "`SIGTERM`, `SIGINT`",
    "Take no more clients, let open ones end, and end. A second one ends the program at once.",
  ),
  item(
    "`SIGHUP`",
    "Begin a new log file and read the configuration again. If that is not good, the old one is kept; check-config says why.",
  ),
];

const socket = item("`LISTEN_FDS`", "Set by systemd if it holds the port: `systemd.socket`(5).");

/** What `[console_proxy]` makes of the first signal above. */
const drain = paragraph(
  "What SIGTERM does to open consoles is said by `[console_proxy] on_stop`: `drain` waits for them, `leave`, which " +
    "the packaged unit sets, ends at once and has the worker processes carry them on. Either way they may go on for " +
    "`drain_timeout` seconds; 0 sets no end. What was left is seen at `[console_proxy] admin_listen` of the next start, and " +
    "the command end-left ends it.",
);

const exitStatus: readonly Block[] = [
  item(
    "`0`",
    "A clean stop; nothing to do ([DEFAULT] vnc_enabled is false); a command that did what it was asked.",
  ),
  item("`1`", "A failure at run time, a second SIGTERM, or a command whose answer is no."),
  item(
    "`2`",
    "A wrong command line or configuration. What to change is on standard error; nothing was started.",
  ),
];

const environment: readonly Block[] = [
  item("`HOME`", "Where ~ is, in the places of nova.conf."),
  item(
    "`NOTIFY_SOCKET`, `WATCHDOG_USEC`",
    "Set by systemd, which is told when the service is ready, reloads or stops, and that it is alive: `sd_notify`(3).",
  ),
];

const configOptions = ["DEFAULT.config_file", "DEFAULT.config_dir"];
const logOptions = ["DEFAULT.log_file", "DEFAULT.log_dir", "DEFAULT.debug"];
const listenerOptions = [
  "DEFAULT.cert",
  "DEFAULT.key",
  "DEFAULT.ssl_only",
  "DEFAULT.source_is_ipv6",
  "DEFAULT.daemon",
  "console_proxy.workers",
  "console_proxy.admin_listen",
];

const common = { exitStatus, environment };

const manuals: readonly ProgramManual[] = [
  {
    ...common,
    declaration: novncproxy,
    purpose: "console proxy for browsers",
    description: [
      "A browser that opens `[vnc] novncproxy_base_url` with a token gets a page, which opens a WebSocket with that " +
        "token. The proxy checks the token and carries the VNC protocol (RFB) between the browser and the VNC server " +
        "of the instance. Plain and TLS clients come to the same port, 6080 unless configured otherwise.",
      "`[console_proxy] workers` processes share the port. Each console writes one line when it ends, with the reason.",
    ],
    options: [
      ...configOptions,
      "vnc.novncproxy_host",
      "vnc.novncproxy_port",
      "DEFAULT.web",
      ...listenerOptions,
      ...logOptions,
    ],
    files: files(novncproxy.program, "openstack-nova-novncproxy"),
    signals: [...signals, drain],
    environment: [...environment, socket],
    seeAlso: ["nova-xvpvncproxy(8)", "nova-consoleauth(8)", "nova-console.conf(5)"],
  },
  {
    ...common,
    declaration: xvpvncproxy,
    purpose: "console proxy for desktop viewers",
    description: [
      "Viewers that know XVP send `CONNECT /console?token=`{TOKEN} and then speak RFB. Any other viewer may connect as " +
        "to a VNC server: its password is the token. `nova-consoleauth authorize --viewer` prints a line that opens " +
        "a console in TigerVNC. Plain and TLS clients come to the same port, 6081 unless configured otherwise.",
      "`[console_proxy] viewer_security` says how a viewer may show its token.",
    ],
    options: [
      ...configOptions,
      "vnc.xvpvncproxy_host",
      "vnc.xvpvncproxy_port",
      ...listenerOptions,
      ...logOptions,
    ],
    files: files(xvpvncproxy.program, "openstack-nova-xvpvncproxy"),
    signals: [...signals, drain],
    environment: [...environment, socket],
    seeAlso: ["nova-novncproxy(8)", "nova-consoleauth(8)", "nova-console.conf(5)", "vncviewer(1)"],
  },
  {
    ...common,
    declaration: consoleauth,
    purpose: "console tokens of OpenStack Compute",
    description: [
      "As a service it answers nova's services over the message broker as well, if `[DEFAULT] transport_url` is set: " +
        "`authorize_console`, `check_token`, `delete_tokens_for_instance`. Clouds from Rocky on keep tokens in the " +
        "cell's database and need no such service.",
      "Tokens are where `[console_proxy] token_store` says. They are kept as hashes, and no command but " +
        "`authorize` prints one.",
    ],
    options: [...configOptions, "consoleauth.api_listen", "DEFAULT.daemon", ...logOptions],
    examples: [
      paragraph("Open the screen of a libvirt domain in a browser for ten minutes:"),
      {
        kind: "example",
        lines: ["nova-consoleauth authorize --libvirt qemu:///system --domain web1 --ttl 600"],
      },
      paragraph("Find out where a token leads:"),
      { kind: "example", lines: ["nova-consoleauth check - --json < token"] },
    ],
    files: files(consoleauth.program, "openstack-nova-consoleauth"),
    signals,
    seeAlso: ["nova-novncproxy(8)", "nova-xvpvncproxy(8)", "nova-console.conf(5)"],
  },
  {
    declaration: doctor,
    purpose: "find what keeps consoles from opening",
    description: [
      "Each finding says what is wrong, why it matters, and the command that mends it. Nothing is changed.",
      "It reads what the services read, so it is best run as root.",
    ],
    options: [...configOptions, "DEFAULT.state_path", "DEFAULT.web", "DEFAULT.ssl_only"],
    examples: [
      paragraph("Look at this host's firewall, and at one that is yet to be loaded:"),
      {
        kind: "example",
        lines: [
          "nova-console-doctor firewall",
          "nova-console-doctor firewall --rules /etc/sysconfig/iptables",
        ],
      },
    ],
    files: [
      item(
        "`/etc/nova/nova.conf`",
        "Configuration. `nova-console.conf`(5) has the options and the other places.",
      ),
    ],
    signals: [],
    exitStatus: [
      item("`0`", "Nothing is wrong."),
      item("`1`", "There are faults."),
      item("`2`", "A wrong command line, or input that cannot be read."),
    ],
    environment: [item("`HOME`", "Where ~ is, in the places of nova.conf.")],
    seeAlso: ["nova-novncproxy(8)", "nova-xvpvncproxy(8)", "nova-consoleauth(8)"],
  },
];

/** Every manual page there is. */
export function allPages(): ManualPage[] {
  return [...manuals.map(programPage), confPage()];
}
