import { integer } from "../number-types.ts";
import { option, repeatableOption } from "../option.ts";
import { boolean, path, string } from "../text-types.ts";
import { hostDomain } from "../host-types.ts";
import { listOf } from "../container-types.ts";
import { loggingOptions } from "./logging.ts";
import { olderBrokerOptions } from "./older-broker-options.ts";

/** The `[DEFAULT]` options that the console programs use. Names and types are nova's; see nova/conf/novnc.py, base.py, netconf.py. */
export const defaultGroup = {
  config_file: repeatableOption(path(), {
    default: [],
    spelling: "config-file",
    help: `Config file to read instead of those found by themselves. May be given more than once: what is read later wins.`,
  }),
  config_dir: option(listOf(path()), {
    default: [],
    spelling: "config-dir",
    help: `Directory whose *.conf files are read, sorted by name. May be given more than once: what is read later wins.`,
  }),
  state_path: option(path(), {
    default: "/var/lib/nova",
    help: `Directory for what has to outlive a restart, such as the embedded token store.`,
  }),
  host: option(hostDomain(), {
    default: { machine: "hostName" },
    help: `Name of this machine in the cloud.`,
  }),
  my_ip: option(string({ allowed: "an address", placeholder: "ADDRESS" }), {
    default: { machine: "primaryAddress" },
    help: `Address of this machine, for other options to refer to as $my_ip.`,
  }),
  log_file: option(path(), {
    default: null,
    spelling: "log-file",
    deprecated: [{ group: "DEFAULT", name: "logfile" }],
    help: `File that the log is appended to, below log_dir unless it is absolute. Without it, PROGRAM.log in log_dir, or stderr.`,
  }),
  log_dir: option(path(), {
    default: null,
    spelling: "log-dir",
    deprecated: [{ group: "DEFAULT", name: "logdir" }],
    help: `Directory for log files.`,
  }),
  debug: option(boolean(), {
    default: false,
    short: "d",
    help: `Log details as well.`,
  }),
  verbose: option(boolean(), {
    default: false,
    short: "v",
    help: `Accepted for old configurations, without effect: information is always logged.`,
  }),
  ...loggingOptions,
  daemon: option(boolean(), {
    default: false,
    help: `
Run in the background. Ignored, with a warning, where systemd waits for the process: Type=notify, or a socket unit.`,
  }),
  web: option(path(), {
    default: null,
    help: `
Directory of the page that nova-novncproxy serves, such as /usr/share/novnc. Not set or empty: the page that comes with
the program (nova's own default is /usr/share/novnc).`,
  }),
  record: option(path(), {
    default: null,
    help: `Accepted for old configurations, without effect.`,
  }),
  ssl_only: option(boolean(), {
    default: false,
    help: `Refuse connections that are not encrypted.`,
  }),
  source_is_ipv6: option(boolean(), {
    default: false,
    help: `Of the addresses of a host name that the proxies listen on, take an IPv6 one.`,
  }),
  transport_url: option(string({ allowed: "a transport URL", placeholder: "URL" }), {
    default: null,
    secret: true,
    replaces: olderBrokerOptions,
    help: `
The message brokers, as oslo.messaging writes them: rabbit://USER:PASSWORD@HOST:PORT[,USER:PASSWORD@HOST:PORT]/VIRTUAL_HOST.
Not set: the brokers that the options before it name (rabbit_host and those listed below), as nova read them until Queens, if
one of them is set; else none is used (nova's own default is rabbit://).`,
  }),
  control_exchange: option(string(), {
    default: "nova",
    help: `Exchange at the message brokers by which the services of this nova reach each other.`,
  }),
  rpc_response_timeout: option(integer({ min: 1, max: 86_400 }), {
    default: 60,
    help: `Seconds that an answer over the message brokers is waited for.`,
  }),
  memcached_servers: option(listOf(string()), {
    default: [],
    help: `Where nova's own nova-consoleauth keeps tokens, Grizzly to Liberty. Not used: ours warns if it keeps them in a file of this host instead.`,
  }),
  cert: option(path(), {
    default: "self.pem",
    help: `File of the TLS certificate, its chain after it (PEM).`,
  }),
  key: option(path(), {
    default: null,
    help: `File of the private key of cert (PEM). Not set or empty: the key is in the file of cert.`,
  }),
};
