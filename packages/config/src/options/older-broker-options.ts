import { listOf } from "../container-types.ts";
import { interpolatedText } from "../interpolate.ts";
import { port } from "../number-types.ts";
import { olderOption, type OlderOptions } from "../option.ts";
import { string } from "../text-types.ts";

/** Grizzly to Juno: `[DEFAULT]`; Kilo to Queens: `[oslo_messaging_rabbit]`, and `[DEFAULT]` still. */
function namesOf(name: string): { group: string; name: string }[] {
  return [
    { group: "oslo_messaging_rabbit", name },
    { group: "DEFAULT", name },
  ];
}

/**
 * The options that named the broker before `transport_url`, with the defaults that they had.
 *
 * oslo.messaging read them until Queens where `transport_url` was not set, and until Rocky `rpc_backend` said what kind
 * of broker it was. Nova accepted the Python modules of its earlier releases there.
 *
 * @see oslo_messaging/_drivers/impl_rabbit.py 5.35, Connection.__init__; nova/rpc.py 2014.1, TRANSPORT_ALIASES
 */
export const olderBrokerOptions: OlderOptions = {
  options: {
    rpc_backend: olderOption([{ group: "DEFAULT", name: "rpc_backend" }], string(), "rabbit"),
    rabbit_host: olderOption(namesOf("rabbit_host"), string(), "localhost"),
    rabbit_port: olderOption(namesOf("rabbit_port"), port(), 5672),
    rabbit_hosts: olderOption(namesOf("rabbit_hosts"), listOf(string()), []),
    rabbit_userid: olderOption(namesOf("rabbit_userid"), string(), "guest"),
    rabbit_password: olderOption(namesOf("rabbit_password"), string(), "guest"),
    rabbit_virtual_host: olderOption(namesOf("rabbit_virtual_host"), string(), "/"),
  },
  compose(values) {
    const text = (name: string): string => interpolatedText(values[name] ?? null);
    const scheme = schemeOf(text("rpc_backend"));
    if (scheme !== "rabbit") return `${scheme}://`;
    const user = `${encodeURIComponent(text("rabbit_userid"))}:${encodeURIComponent(text("rabbit_password"))}`;
    const { rabbit_hosts: several } = values;
    const places =
      Array.isArray(several) && several.length > 0
        ? several.map((each) => placeOf(String(each), text("rabbit_port")))
        : [`${bracketed(text("rabbit_host"))}:${text("rabbit_port")}`];
    const virtualHost = text("rabbit_virtual_host");
    const path = virtualHost === "/" ? "" : encodeURIComponent(virtualHost);
    return `rabbit://${places.map((place) => `${user}@${place}`).join(",")}/${path}`;
  },
};

/** @param backend - `rabbit`, `qpid`, or a module such as `nova.openstack.common.rpc.impl_kombu` */
function schemeOf(backend: string): string {
  const name = backend.replace(/^.*\.impl_/, "").toLowerCase();
  // carrot and kombu are the libraries by which Essex and Grizzly reached RabbitMQ.
  if (["", "rabbit", "kombu", "carrot"].includes(name)) return "rabbit";
  return /^[a-z][a-z0-9+.-]*$/.test(name) ? name : "unknown";
}

/** An item of `rabbit_hosts`: `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT` or a bare IPv6 address. */
function placeOf(text: string, defaultPort: string): string {
  const [, ipv6, name, ownPort] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\w*))?$/.exec(text.trim()) ?? [];
  const host = ipv6 ?? name ?? text.trim();
  return `${bracketed(host)}:${ownPort ?? defaultPort}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host.replace(/^\[|\]$/g, "")}]` : host;
}
