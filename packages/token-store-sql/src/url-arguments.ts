import type { Dialect } from "./database-url.ts";

/** How a connection is secured. */
export interface TlsSetting {
  /** Without TLS if the server has none: libpq's `prefer`. */
  readonly optional: boolean;
  /** What is checked of the server's certificate: nothing, who signed it, also whose it is. */
  readonly verify: "nothing" | "signer" | "name";
  readonly caPath: string | null;
  readonly certPath: string | null;
  readonly keyPath: string | null;
}

/** What the query of a database URL says; other arguments mean nothing here. */
export interface DatabaseArguments {
  /** Null: in clear. */
  readonly tls: TlsSetting | null;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  /** MySQL's name of the connection's character set. */
  readonly charset: "utf8mb4" | "utf8" | "latin1";
}

/** Makes the error of an argument that is not as it has to be. */
export type WrongArgument = (name: string, allowed: string) => Error;

/** Both together stay below what a viewer waits by default (`[console_proxy] connect_timeout`). */
const DEFAULT_TIMEOUT_MS = 2_000;
const MAX_TIMEOUT_S = 3600;

/** Reads the arguments that matter here, of PyMySQL or of libpq. */
export function readArguments(
  dialect: Dialect,
  parameters: URLSearchParams,
  wrong: WrongArgument,
): DatabaseArguments {
  return {
    tls: dialect === "mysql" ? mysqlTls(parameters, wrong) : postgresTls(parameters, wrong),
    connectTimeoutMs: timeout(parameters, "connect_timeout", wrong),
    queryTimeoutMs: timeout(parameters, "read_timeout", wrong),
    charset: charsetOf(parameters.get("charset")),
  };
}

/** Those of PyMySQL, as SQLAlchemy hands them on: a CA means that it is checked, and the host's name too. */
function mysqlTls(parameters: URLSearchParams, wrong: WrongArgument): TlsSetting | null {
  const caPath = parameters.get("ssl_ca");
  const certPath = parameters.get("ssl_cert");
  const keyPath = parameters.get("ssl_key");
  const verifySigner = flag(parameters, "ssl_verify_cert", wrong);
  const verifyName =
    flag(parameters, "ssl_check_hostname", wrong) ?? flag(parameters, "ssl_verify_identity", wrong);
  if ([caPath, certPath, keyPath, verifySigner, verifyName].every((each) => each === null)) {
    return null;
  }
  const signer = verifySigner ?? (caPath !== null || verifyName === true);
  const verify = !signer ? "nothing" : (verifyName ?? caPath !== null) ? "name" : "signer";
  return { optional: false, verify, caPath, certPath, keyPath };
}

/** @see libpq, "SSL Mode Descriptions" */
function postgresTls(parameters: URLSearchParams, wrong: WrongArgument): TlsSetting | null {
  const files = {
    caPath: parameters.get("sslrootcert"),
    certPath: parameters.get("sslcert"),
    keyPath: parameters.get("sslkey"),
  };
  switch (parameters.get("sslmode") ?? "prefer") {
    case "disable":
    case "allow":
      return null;
    case "prefer":
      return { optional: true, verify: "nothing", ...files };
    case "require":
      // As libpq: a CA that is there is used.
      return { optional: false, verify: files.caPath === null ? "nothing" : "signer", ...files };
    case "verify-ca":
      return { optional: false, verify: "signer", ...files };
    case "verify-full":
      return { optional: false, verify: "name", ...files };
    default:
      throw wrong("sslmode", "disable, allow, prefer, require, verify-ca or verify-full");
  }
}

function timeout(parameters: URLSearchParams, name: string, wrong: WrongArgument): number {
  const text = parameters.get(name);
  if (text === null) return DEFAULT_TIMEOUT_MS;
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S)) {
    throw wrong(name, `a number of seconds up to ${MAX_TIMEOUT_S}`);
  }
  return Math.ceil(seconds * 1000);
}

function flag(parameters: URLSearchParams, name: string, wrong: WrongArgument): boolean | null {
  const text = parameters.get(name)?.toLowerCase();
  if (text === undefined) return null;
  if (["true", "1", "yes", "on"].includes(text)) return true;
  if (["false", "0", "no", "off"].includes(text)) return false;
  throw wrong(name, "true or false");
}

/** What is read here is ASCII: a character set that is not known here changes nothing. */
function charsetOf(name: string | null): DatabaseArguments["charset"] {
  const known = name?.toLowerCase();
  if (known === "utf8" || known === "utf8mb3") return "utf8";
  return known === "latin1" ? "latin1" : "utf8mb4";
}
