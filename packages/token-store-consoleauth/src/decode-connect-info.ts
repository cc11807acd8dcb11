import {
  accessUrlBaseOf,
  type ConnectInfo,
  InvalidConsoleRequestError,
  type Token,
  TokenStoreError,
  validateEndpoint,
  validateInstanceUuid,
} from "@nova-console/token";

const MAX_TEXT = 255;
const MAX_URL = 2_048;

/**
 * Reads what `check_token` answers for a token that is good.
 *
 * @param expires - epoch seconds, as the answer does not tell
 * @throws {@link TokenStoreError} if a part of it is not what nova's would be
 */
export function decodeConnectInfo(answer: unknown, token: Token, expires: number): ConnectInfo {
  if (typeof answer !== "object" || answer === null) throw wrong("it is no object");
  const fields = answer as Readonly<Record<string, unknown>>;
  const host = requiredText(fields, "host");
  const port = portFrom(fields["port"]);
  const accessUrl = optionalText(fields, "access_url", MAX_URL);
  try {
    validateEndpoint(host, port);
    return {
      tokenDigest: token.digest,
      consoleType: requiredText(fields, "console_type"),
      host,
      port,
      internalAccessPath: optionalText(fields, "internal_access_path", MAX_TEXT),
      instanceUuid: validateInstanceUuid(requiredText(fields, "instance_uuid")),
      expires,
      accessUrlBase: accessUrl === null ? null : accessUrlBaseOf(accessUrl, token),
    };
  } catch (error) {
    if (!(error instanceof InvalidConsoleRequestError)) throw error;
    throw wrong(error.message, error);
  }
}

/** When the token was issued, where the answer tells. */
export function issuedAt(answer: unknown): number | null {
  if (typeof answer !== "object" || answer === null) return null;
  const { last_activity_at: at } = answer as { readonly last_activity_at?: unknown };
  return typeof at === "number" && Number.isFinite(at) && at > 0 ? Math.floor(at) : null;
}

function requiredText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const text = optionalText(fields, name, MAX_TEXT);
  if (text === null) throw wrong(`${name} is missing`);
  return text;
}

/** Control characters would add lines to a CONNECT request, or to a log. */
function optionalText(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  maxLength: number,
): string | null {
  const value = fields[name] ?? "";
  if (typeof value !== "string" || value.length > maxLength || /[\p{Cc}\s]/u.test(value)) {
    throw wrong(`${name} is no text of at most ${maxLength} visible characters`);
  }
  return value === "" ? null : value;
}

function portFrom(port: unknown): number {
  if (typeof port === "number") return port;
  return typeof port === "string" && /^\d{1,5}$/.test(port) ? Number(port) : NaN;
}

function wrong(what: string, cause?: Error): TokenStoreError {
  return new TokenStoreError(`nova-consoleauth's answer cannot be used: ${what}`, { cause });
}
