import { RpcSettingError } from "./errors.ts";

/** A broker, and who we are to it. */
export interface TransportHost {
  /** Host name or IP address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** `[DEFAULT] transport_url` in its parts. */
export interface TransportUrl {
  /** In the order written; never empty. */
  readonly hosts: readonly TransportHost[];
  /** AMQP's virtual host, `/` unless another is named. */
  readonly virtualHost: string;
  /** Settings of `[oslo_messaging_rabbit]` that the URL gives, by name. */
  readonly query: ReadonlyMap<string, string>;
}

/** AMQP 0-9-1's port. @see https://www.rabbitmq.com/docs/networking, 5671 is nova's to write out. */
const DEFAULT_PORT = 5672;
const MAX_PORT = 65_535;
/** `kombu` is the name of 2013. */
const SCHEMES = ["rabbit", "kombu"];
const FORM = "rabbit://USER:PASSWORD@HOST:PORT[,USER:PASSWORD@HOST:PORT]/VIRTUAL_HOST[?NAME=VALUE]";

/**
 * Takes `transport_url` apart as oslo.messaging does.
 *
 * @throws {@link RpcSettingError} that tells what is wrong, never the text, which holds passwords
 * @see oslo_messaging/transport.py TransportURL.parse
 */
export function parseTransportUrl(text: string): TransportUrl {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$/is.exec(text);
  if (parts === null) throw wrong(`is no URL, must be ${FORM}`);
  const [, scheme = "", authority = "", path = "", query = ""] = parts;
  if (!SCHEMES.includes(scheme.toLowerCase())) {
    throw wrong(
      `names ${scheme}: only RabbitMQ is supported (where transport_url is not set, rpc_backend says the kind)`,
    );
  }
  const hosts = authority.split(",").filter(Boolean);
  return {
    // A URL without a host means this machine, as it does to kombu.
    hosts: (hosts.length === 0 ? ["localhost"] : hosts).map(parseHost),
    virtualHost: unquote(path.slice(1), "virtual host") || "/",
    query: parseQuery(query),
  };
}

function parseHost(text: string): TransportHost {
  const at = text.lastIndexOf("@");
  // RabbitMQ's own default account, as oslo.messaging falls back to.
  const [username, password] = at === -1 ? ["guest", "guest"] : parseUser(text.slice(0, at));
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(text.slice(at + 1));
  if (match === null) throw wrong("has a host that is neither a name nor an address");
  const [, ipv6, name = "", port] = match;
  return { hostname: (ipv6 ?? name) || "localhost", port: parsePort(port), username, password };
}

function parseUser(text: string): [string, string] {
  const colon = text.indexOf(":");
  const user = colon === -1 ? text : text.slice(0, colon);
  const password = colon === -1 ? "" : text.slice(colon + 1);
  return [unquote(user, "user"), unquote(password, "password")];
}

function parsePort(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  // Not shown: with a "/" in a password that is not written %2F, this is part of the password.
  if (!(port >= 1 && port <= MAX_PORT)) throw wrong(`has a port that is not 1 to ${MAX_PORT}`);
  return port;
}

/** Of a name given twice, oslo.messaging makes one value with commas. */
function parseQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  return query;
}

function unquote(text: string, what: string): string {
  try {
    // A lone "%" is itself to Python's unquote().
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    throw wrong(`has a ${what} that is not UTF-8 after its percent signs are decoded`);
  }
}

function wrong(what: string): RpcSettingError {
  return new RpcSettingError(`[DEFAULT] transport_url ${what}`);
}

/** The brokers for people and logs: no user, no password. */
export function describeBrokers({ hosts, virtualHost }: TransportUrl): string {
  const places = hosts.map(describeHost).join(",");
  return `rabbit://${places}/${virtualHost === "/" ? "" : virtualHost}`;
}

/** `HOST:PORT`. */
export function describeHost({ hostname, port }: TransportHost): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
