import { listOf } from "../container-types.ts";
import { ipNetwork, listenAddress, uri } from "../host-types.ts";
import { byteSize, integer, seconds } from "../number-types.ts";
import { option } from "../option.ts";
import { boolean, choice, path, string } from "../text-types.ts";

const SMALLEST_BUFFER_BYTES = 16 * 1024;
const LARGEST_BUFFER_BYTES = 1024 ** 3;

/** The `[console_proxy]` group: what nova does not have. */
export const consoleProxyGroup = {
  token_store: option(choice(["database", "redis", "consoleauth", "nova_api"]), {
    default: "database",
    help: `Where console tokens are. database: [database] connection, or SQLite at $state_path/consoles.sqlite. redis: Redis or Valkey at redis_url. consoleauth: a nova-consoleauth is asked over transport_url. nova_api: nova's API is asked, with the user of [service_user], or of [keystone_authtoken] if that has no auth_url; it tells neither a token's console type nor its end. VncAuth finds no passwords with the last two. With redis nobody checks whether an instance is still where its token leads: after a cold migration or a resize a token opens its old port until it expires.`,
  }),
  workers: option(integer({ min: 1, max: 1024 }), {
    default: { machine: "cores" },
    help: `Processes that share the port of nova-novncproxy, and of nova-xvpvncproxy; one more watches over them and replaces one that dies. 1: a single process does it all.`,
  }),
  admin_listen: option(listenAddress(), {
    default: null,
    help: `Where a proxy shows its operator how it is: /healthz, /readyz, /metrics (Prometheus) and /v1/sessions. HOST:PORT or unix:/PATH; not set: nowhere. Programs that reach it may end sessions, web pages excepted: a request must name localhost, an address of this machine or the HOST given here. Two proxies need two: set it on the command line, or in a file that one of them reads.`,
  }),
  redis_url: option(string({ allowed: "a Redis URL", placeholder: "URL" }), {
    default: null,
    secret: true,
    help: `Redis or Valkey for token_store = redis: redis://[user:password@]host:port/db; rediss:// for TLS, with ?ca=FILE for an authority of your own; redis+sentinel://[user:password@]s1:26379,s2:26379/MASTER/db; redis+cluster://[user:password@]n1:7000,n2:7000. Signs of a password that mean something in a URL are percent-encoded. It is asked within half of connect_timeout.`,
  }),
  handshake_timeout: option(seconds({ min: 0.01 }), {
    default: 10,
    help: `Seconds from a connection to the first byte of its screen. A slower viewer is told so and disconnected. On 6081 the time in which a person is asked for a token (credential_timeout) does not count.`,
  }),
  credential_timeout: option(seconds({ min: 0.01, max: 86_400 }), {
    default: 120,
    help: `Seconds that a stock viewer on 6081 may take from the choice of a security type until its person has typed or pasted a token, and answered what the viewer asks about certificates. A viewer that is slower is told so and disconnected.`,
  }),
  max_waiting_for_credential: option(integer({ min: 1 }), {
    default: 1_000,
    help: `Most stock viewers on 6081 whose person is asked for a token at a time. One more ends the wait of the one that is asked longest, of the address (or /64 of IPv6) with the most. Each worker allows its share of them.`,
  }),
  connect_timeout: option(seconds({ min: 0.01 }), {
    default: 5,
    help: `Seconds for the connection to the VNC server and its handshake, within handshake_timeout.`,
  }),
  proxy_protocol: option(boolean(), {
    default: false,
    help: `The load balancers in trusted_proxies say whom they speak for by the PROXY protocol, version 1 or 2 (HAProxy: send-proxy, send-proxy-v2). Whoever else connects speaks for itself.`,
  }),
  trusted_proxies: option(listOf(ipNetwork()), {
    default: [],
    help: `Load balancers in front of the proxies: IP addresses and networks (192.0.2.0/24). Only their PROXY headers count, and on 6080 only their X-Forwarded-For: the viewer is its rightmost address that is not listed here. One that passes TCP on as it comes must not be listed without proxy_protocol: its viewers could name any address.`,
  }),
  idle_timeout: option(seconds({ min: 0 }), {
    default: 0,
    help: `Seconds without a byte from the viewer after which a session ends. 0: never.`,
  }),
  ping_interval: option(seconds({ min: 0 }), {
    default: 30,
    help: `Seconds between WebSocket pings on 6080 and between TCP keepalive probes on 6081. 0: none.`,
  }),
  max_sessions: option(integer({ min: 1 }), {
    default: 20_000,
    help: `Most sessions with a valid token at a time in one program, all its workers together.`,
  }),
  max_sessions_per_token: option(integer({ min: 1 }), {
    default: 8,
    help: `Most sessions at a time with one token.`,
  }),
  max_connections_per_address: option(integer({ min: 1 }), {
    default: 256,
    help: `Most connections at a time from one address, or one /64 of IPv6, that have not shown a valid token yet. On 6080 one that waits for another request does not count. Each worker allows its share of them, and some more, as the kernel spreads connections by chance.`,
  }),
  max_connections_without_token: option(integer({ min: 1 }), {
    default: 20_000,
    help: `Most connections at a time from all addresses that have not shown a valid token yet. One more closes the oldest, so that no crowd keeps a viewer out; on 6080 first those that wait for another request. Each worker allows its share of them.`,
  }),
  buffer_limit: option(byteSize({ min: SMALLEST_BUFFER_BYTES, max: LARGEST_BUFFER_BYTES }), {
    default: 1024 ** 2,
    help: `Most bytes held for a session in one direction: the longest WebSocket message of a viewer. Whatever else waits is a tenth of the default, and the faster side waits. KiB and MiB may follow the number.`,
  }),
  drain_timeout: option(seconds({ min: 0 }), {
    default: 0,
    help: `Seconds that a stop (SIGTERM) lets open sessions go on. 0: until they end by themselves.`,
  }),
  on_stop: option(choice(["drain", "leave"]), {
    default: "drain",
    help: `What becomes of open sessions at a stop (SIGTERM). drain: the program waits for them, up to drain_timeout. leave: it ends at once, so that another one can listen on its port, and its worker processes carry their sessions on until they end, or drain_timeout. For a systemd unit with KillMode=process; there is a primary process then with one worker too.`,
  }),
  backend_networks: option(listOf(ipNetwork()), {
    default: [],
    help: `IP addresses and networks (192.0.2.0/24) that a console token may lead to; a host name is judged by the addresses that it has when it is dialled. Not set: all, loopback included. Link-local, multicast and unspecified addresses and the metadata services of clouds are refused always. In a cloud: the network of the compute nodes (server_proxyclient_address).`,
  }),
  backend_socket_dirs: option(listOf(path()), {
    default: ["/var/lib/libvirt/qemu", "/run/libvirt/qemu"],
    help: `Folders below which a console token may lead to a unix socket (unix:/PATH), by no symbolic link. Empty: to none. Who may write in them decides where those consoles lead.`,
  }),
  backend_password_file: option(path(), {
    default: null,
    help: `File with the password of VNC servers that ask for one, for libvirt without nova: one line, or two with the user name first.`,
  }),
  check_port: option(choice(["auto", "rpc", "off"]), {
    default: "auto",
    help: `Whether nova-compute is asked, before a console opens, if the port is still its instance's (validate_console_port). No answer within connect_timeout, and any answer but yes, refuses the console. auto: rpc, if tokens are in nova's database (MariaDB or PostgreSQL) and transport_url is set; with token_store = nova_api the API is asked which compute host the instance is on, and a token that leads to another one is refused. off: neither.`,
  }),
  first_word_timeout_ms: option(integer({ min: 1, max: 10_000 }), {
    default: 300,
    help: `Milliseconds that a client on 6081 may stay silent before it is taken for a stock viewer, which waits for the server to speak first.`,
  }),
  viewer_security: option(
    listOf(choice(["auto", "X509Plain", "TLSPlain", "Plain", "xvp", "VncAuth"])),
    {
      default: ["auto"],
      help: `How a stock viewer on 6081 may show its token, most wanted first. X509Plain needs cert, and speaks TLS 1.2 unless ssl_minimum_version is tlsv1_3, with which TigerVNC before 1.13 may wait forever. auto is X509Plain with cert, and TLSPlain,Plain,xvp,VncAuth without. Plain and xvp send the token in clear.`,
    },
  ),
  viewer_password_secret_file: option(path(), {
    default: "$state_path/viewer-password-secret",
    help: `Secret from which the passwords for viewers that know VncAuth only are derived; made on first use. The same on every host that makes or checks them.`,
  }),
  nova_api_url: option(uri(), {
    default: null,
    help: `Address of nova's API, for token_store = nova_api. Not set: that of Keystone's service catalogue, internal before public.`,
  }),
  log_format: option(choice(["text", "json"]), {
    default: "text",
    help: `Form of the log: lines for people, or one JSON object per line.`,
  }),
};
