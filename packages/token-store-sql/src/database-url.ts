import { isIP } from "node:net";
import { TokenStoreSettingError } from "@nova-console/token";
import { readArguments, type DatabaseArguments } from "./url-arguments.ts";

/** Which SQL a database speaks. */
export type Dialect = "mysql" | "postgresql";

/** Where one server listens. */
export interface ServerAddress {
  /** Name or address; an absolute path for a unix socket (MySQL) or its directory (PostgreSQL). */
  readonly host: string;
  readonly port: number;
}

/** What an SQLAlchemy URL says. */
export interface DatabaseUrl extends DatabaseArguments {
  readonly dialect: Dialect;
  /** One, or several of one cluster: whichever answers is asked. */
  readonly servers: readonly [ServerAddress, ...ServerAddress[]];
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string;
}

/** As sqlalchemy/engine/url.py `_parse_url` has it, with anything for a host. */
const FORM = /^([\w+]+):\/\/(?:([^:/@]*)(?::([^@]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s;
const KINDS = [
  { pattern: /^(?:mysql|mariadb)(?:\+\w+)?$/i, dialect: "mysql", port: 3306 },
  { pattern: /^postgres(?:ql)?(?:\+\w+)?$/i, dialect: "postgresql", port: 5432 },
] as const;
/** Where a client of PostgreSQL looks when no host is named: Debian's place of the socket. */
const POSTGRES_SOCKETS = "/var/run/postgresql";
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,253})$/i;
const MAX_PORT = 65_535;
const FORM_IN_WORDS = "KIND://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]...]/DATABASE[?ARGUMENTS]";

/**
 * Parses an SQLAlchemy URL of MySQL, MariaDB or PostgreSQL, whichever driver it names.
 *
 * @param setting - where it stands, for the error: `[database] connection`
 * @throws {@link TokenStoreSettingError} that says what is wrong, and repeats nothing after the kind:
 *   a password that was not percent-encoded can be in any other part
 */
export function parseDatabaseUrl(text: string, setting: string): DatabaseUrl {
  const wrong = (what: string): TokenStoreSettingError =>
    new TokenStoreSettingError(`${setting} ${what}; its form is ${FORM_IN_WORDS}`);
  const match = FORM.exec(text);
  if (match === null) throw wrong("is no database URL");
  const [, scheme = "", user, password, hosts = "", database = "", query = ""] = match;
  const kind = KINDS.find(({ pattern }) => pattern.test(scheme));
  if (kind === undefined) throw wrong("is neither mysql:// nor postgresql://");
  if (hosts.includes("@") || database.includes("@")) {
    throw wrong("has more than one @: in a password it is written %40");
  }
  if (database === "") throw wrong("names no database");
  const parameters = new URLSearchParams(query);
  const { dialect, port } = kind;
  return {
    ...readArguments(dialect, parameters, (name, allowed) =>
      wrong(`has an argument ${name} that is not ${allowed}`),
    ),
    dialect,
    servers: parseServers({ dialect, port, hosts, parameters }, wrong),
    user: user === undefined || user === "" ? null : unquote(user),
    password: password === undefined ? null : unquote(password),
    database,
  };
}

/** What is asked, for people: hosts and database, and nobody's name. */
export function describePlace({ dialect, servers, database }: DatabaseUrl): string {
  return `${dialect}://${servers.map(describeServer).join(",")}/${database}`;
}

/** `host:port`, or a socket's path. */
export function describeServer({ host, port }: ServerAddress): string {
  if (host.startsWith("/")) return host;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

interface HostText {
  readonly dialect: Dialect;
  readonly port: number;
  readonly hosts: string;
  readonly parameters: URLSearchParams;
}

function parseServers(
  { dialect, port, hosts, parameters }: HostText,
  wrong: (what: string) => TokenStoreSettingError,
): DatabaseUrl["servers"] {
  const socket = dialect === "mysql" ? parameters.get("unix_socket") : null;
  if (socket !== null && socket.startsWith("/")) return [{ host: socket, port }];
  // SQLAlchemy's form of several hosts for psycopg2: ?host=A:1&host=B:2
  const named = dialect === "postgresql" ? parameters.getAll("host") : [];
  const texts = (hosts === "" && named.length > 0 ? named.join(",") : hosts).split(",");
  const [first, ...others] = texts.map((text) => {
    const server = parseServer(text, { dialect, port });
    if (server === null) throw wrong("has a host or port that is none");
    return server;
  });
  if (first === undefined) throw wrong("names no host");
  return [first, ...others];
}

function parseServer(
  text: string,
  defaults: { readonly dialect: Dialect; readonly port: number },
): ServerAddress | null {
  if (text.startsWith("/")) return { host: text, port: defaults.port };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{0,5}))?$/.exec(text);
  if (match === null) return null;
  const [, literal, name = "", digits = ""] = match;
  const port = digits === "" ? defaults.port : Number(digits);
  if (port < 1 || port > MAX_PORT) return null;
  if (literal !== undefined) return isIP(literal) === 6 ? { host: literal, port } : null;
  if (name !== "") return HOST_NAME.test(name) ? { host: name, port } : null;
  return { host: defaults.dialect === "mysql" ? "localhost" : POSTGRES_SOCKETS, port };
}

/** Python's `unquote`: what is no escape stays as it is. */
function unquote(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll("%", ""), "hex").toString(),
  );
}
