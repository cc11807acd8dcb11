import { TokenStoreSettingError, validateEndpoint } from "@nova-console/token";

/** One server, as it is dialled. */
interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** A user as Redis' ACL has it; without a name it is `default`. */
interface RedisCredentials {
  readonly username: string | null;
  readonly password: string | null;
}

/** What `[console_proxy] redis_url` says. */
export interface RedisLocation {
  readonly kind: "single" | "sentinel" | "cluster";
  /** The server; or the Sentinels; or those nodes of the Cluster that are asked for the others. */
  readonly nodes: readonly RedisNode[];
  readonly database: number;
  /** What the Sentinels call the master; empty without Sentinel. */
  readonly master: string;
  readonly credentials: RedisCredentials;
  /** For the Sentinels themselves: they have users of their own. */
  readonly sentinelCredentials: RedisCredentials;
  /** null: plain TCP. `caPath` null: the authorities that Node knows. */
  readonly tls: { readonly caPath: string | null } | null;
  /** The URL for people: no user, no password. */
  readonly place: string;
}

const FORMS =
  "redis://[user:password@]host:port/db, rediss://... (TLS; ?ca=FILE), " +
  "redis+sentinel://[user:password@]s1:26379,s2:26379/MASTER/db or redis+cluster://[user:password@]n1:7000,n2:7000";
const SHAPE =
  /^(redis|rediss)(\+sentinel|\+cluster)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)([^?#@]*)(?:\?([^#]*))?$/i;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const HIGHEST_DATABASE = 2 ** 31 - 1;
const MOST_NODES = 100;
const PARAMETERS = ["ca", "sentinel_username", "sentinel_password"];

/**
 * Takes `[console_proxy] redis_url` apart.
 *
 * Signs in a user's name or password that mean something in a URL are percent-encoded.
 *
 * @throws {@link TokenStoreSettingError} that says which part is wrong and which forms are allowed; it
 *   quotes nothing, since with a sign that is not encoded a password may stand anywhere
 */
export function parseRedisUrl(text: string): RedisLocation {
  const match = SHAPE.exec(text);
  if (match === null) throw wrong("is not a Redis URL");
  const [, scheme = "", variant = "", user, hosts = "", path = "", query = ""] = match;
  const kind = kindOf(variant.toLowerCase());
  const isTls = scheme.toLowerCase() === "rediss";
  const nodes = parseNodes(hosts, kind === "sentinel" ? SENTINEL_PORT : REDIS_PORT);
  if (kind === "single" && nodes.length > 1) throw wrong("names several hosts");
  const { master, database } = parsePath(path, kind);
  const parameters = parseQuery(query);
  const caPath = parameters.get("ca") ?? null;
  if (caPath !== null && !isTls) throw wrong("has ca, which needs rediss");
  if (kind !== "sentinel" && parameters.size > (caPath === null ? 0 : 1)) {
    throw wrong("has sentinel_username or sentinel_password, which need +sentinel");
  }
  const authority = nodes.map(placeOf).join(",");
  const suffix = (master === "" ? "" : `/${master}`) + (kind === "cluster" ? "" : `/${database}`);
  return {
    kind,
    nodes,
    database,
    master,
    credentials: parseUser(user),
    sentinelCredentials: {
      username: parameters.get("sentinel_username") ?? null,
      password: parameters.get("sentinel_password") ?? null,
    },
    tls: isTls ? { caPath } : null,
    place: `${(scheme + variant).toLowerCase()}://${authority}${suffix}`,
  };
}

/** The setting is missing. */
export function missingRedisUrl(): TokenStoreSettingError {
  return wrong("is not set, and token_store = redis needs it");
}

function kindOf(variant: string): RedisLocation["kind"] {
  if (variant === "+sentinel") return "sentinel";
  return variant === "+cluster" ? "cluster" : "single";
}

function parseUser(text: string | undefined): RedisCredentials {
  if (text === undefined) return { username: null, password: null };
  const colon = text.indexOf(":");
  if (colon < 0) throw wrong("has a user without a password");
  const username = decode(text.slice(0, colon));
  return { username: username === "" ? null : username, password: decode(text.slice(colon + 1)) };
}

function parseNodes(text: string, defaultPort: number): RedisNode[] {
  const parts = text.split(",");
  if (parts.length > MOST_NODES) throw wrong(`names more than ${MOST_NODES} hosts`);
  return parts.map((part) => {
    const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(part);
    const host = match?.[1] ?? match?.[2] ?? "";
    const port = Number(match?.[3] ?? defaultPort);
    try {
      validateEndpoint(host, port);
    } catch {
      throw wrong("has a host or a port that is none");
    }
    return { host, port };
  });
}

function parsePath(
  path: string,
  kind: RedisLocation["kind"],
): { master: string; database: number } {
  const [, ...parts] = path.split("/");
  if (kind === "cluster") {
    if (parts.some((part) => part !== "" && part !== "0")) {
      throw wrong("names a database, which a Cluster has not");
    }
    return { master: "", database: 0 };
  }
  const master = kind === "sentinel" ? decode(parts.shift() ?? "") : "";
  if (kind === "sentinel" && !/^[\w.-]+$/.test(master)) throw wrong("does not name the master");
  const [database = "", ...more] = parts;
  if (!/^\d*$/.test(database) || Number(database) > HIGHEST_DATABASE || more.length > 0) {
    throw wrong("has a database that is no number");
  }
  return { master, database: Number(database) };
}

function parseQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  if (query === "") return parameters;
  for (const part of query.split("&")) {
    const [name = "", ...value] = part.split("=");
    if (!PARAMETERS.includes(name) || parameters.has(name) || value.length === 0) {
      throw wrong(`has a parameter that is not one of ${PARAMETERS.join(", ")}`);
    }
    parameters.set(name, decode(value.join("=")));
  }
  if (parameters.get("ca") === "") throw wrong("has an empty ca");
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("has a % that encodes nothing");
  }
}

function placeOf({ host, port }: RedisNode): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function wrong(what: string): TokenStoreSettingError {
  return new TokenStoreSettingError(`[console_proxy] redis_url ${what}; allowed: ${FORMS}`);
}
