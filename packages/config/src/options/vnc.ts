import { listOf } from "../container-types.ts";
import { hostAddress, uri } from "../host-types.ts";
import { port } from "../number-types.ts";
import { option } from "../option.ts";
import { boolean, choice, path, string } from "../text-types.ts";

/** The `[vnc]` group of every release since 2012. Names, defaults and meaning are nova's; see nova/conf/vnc.py. */
export const vncGroup = {
  enabled: option(boolean(), {
    default: true,
    deprecated: [{ group: "DEFAULT", name: "vnc_enabled" }],
    warning: (value) =>
      value === false
        ? "is false: the proxies serve all the same, as nova's own do; disable their services if they should not"
        : null,
    help: `Whether instances get VNC consoles. The proxies serve in any case, with a warning if not, as nova's own ignore this option. Its older name is different: with [DEFAULT] vnc_enabled = false the proxies say so and exit with status 0.`,
  }),
  server_listen: option(hostAddress(), {
    default: "127.0.0.1",
    deprecated: [
      { group: "DEFAULT", name: "vncserver_listen" },
      { group: "vnc", name: "vncserver_listen" },
    ],
    help: `Address of this machine that the VNC servers of its instances listen on.`,
  }),
  server_proxyclient_address: option(hostAddress(), {
    default: "127.0.0.1",
    deprecated: [
      { group: "DEFAULT", name: "vncserver_proxyclient_address" },
      { group: "vnc", name: "vncserver_proxyclient_address" },
    ],
    help: `Address by which the proxies reach the VNC servers of this machine's instances.`,
  }),
  novncproxy_host: option(string({ allowed: "an address", placeholder: "ADDRESS" }), {
    default: "0.0.0.0",
    deprecated: [{ group: "DEFAULT", name: "novncproxy_host" }],
    help: `Address that nova-novncproxy listens on.`,
  }),
  novncproxy_port: option(port(), {
    default: 6080,
    deprecated: [{ group: "DEFAULT", name: "novncproxy_port" }],
    help: `Port that nova-novncproxy listens on.`,
  }),
  novncproxy_base_url: option(uri(), {
    default: "http://127.0.0.1:6080/vnc_auto.html",
    deprecated: [{ group: "DEFAULT", name: "novncproxy_base_url" }],
    help: `Address of the page as browsers reach it. URLs of novnc consoles start with it.`,
  }),
  xvpvncproxy_host: option(hostAddress(), {
    default: "0.0.0.0",
    deprecated: [{ group: "DEFAULT", name: "xvpvncproxy_host" }],
    help: `Address that nova-xvpvncproxy listens on.`,
  }),
  xvpvncproxy_port: option(port(), {
    default: 6081,
    deprecated: [{ group: "DEFAULT", name: "xvpvncproxy_port" }],
    help: `Port that nova-xvpvncproxy listens on.`,
  }),
  xvpvncproxy_base_url: option(uri(), {
    default: "http://127.0.0.1:6081/console",
    deprecated: [{ group: "DEFAULT", name: "xvpvncproxy_base_url" }],
    help: `Address of nova-xvpvncproxy as viewers reach it. URLs of xvpvnc consoles start with it.`,
  }),
  auth_schemes: option(listOf(choice(["none", "vencrypt"])), {
    default: ["none"],
    help: `Security types that the proxies accept from a VNC server, most wanted first.`,
  }),
  vencrypt_client_key: option(path(), {
    default: null,
    help: `File of the private key that the proxies show to VNC servers, for "vencrypt" (PEM).`,
  }),
  vencrypt_client_cert: option(path(), {
    default: null,
    help: `File of the certificate that the proxies show to VNC servers, for "vencrypt" (PEM).`,
  }),
  vencrypt_ca_certs: option(path(), {
    default: null,
    help: `File of the authorities that VNC servers' certificates must be signed by, for "vencrypt" (PEM).`,
  }),
};
