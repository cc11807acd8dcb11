import { type ConnectInfo, TokenStoreError, validateEndpoint } from "@nova-console/token";

/** Fields of a token's hash that are asked for, in this order. */
export const RECORD_FIELDS = [
  "console_type",
  "host",
  "port",
  "internal_access_path",
  "instance_uuid",
  "expires",
  "access_url_base",
] as const;

type Field = (typeof RECORD_FIELDS)[number];

const DIGITS = /^\d{1,15}$/;

/**
 * Decodes what HMGET answered for {@link RECORD_FIELDS}: whoever may write to Redis may have written
 * anything.
 *
 * @param digest - the token's, for the value and, its first digits, for the error
 * @param place - the store's, for the error
 * @returns null if there is no such record
 * @throws {@link TokenStoreError} if a field does not hold what it should; its content is not shown
 */
export function decodeRecord(reply: unknown, digest: string, place: string): ConnectInfo | null {
  const damaged = (field: string): TokenStoreError =>
    new TokenStoreError(
      `token store ${place}: ${field} of the record of token ${digest.slice(0, 8)} is damaged; remove its key`,
    );
  if (!Array.isArray(reply) || reply.length !== RECORD_FIELDS.length) throw damaged("the whole");
  const values: readonly unknown[] = reply;
  if (values.every((value) => value === null)) return null;

  const textOrNull = (field: Field): string | null => {
    const value = values[RECORD_FIELDS.indexOf(field)];
    if (value === null || typeof value === "string") return value;
    throw damaged(field);
  };
  const text = (field: Field): string => {
    const value = textOrNull(field);
    if (value === null || value === "") throw damaged(field);
    return value;
  };
  const integer = (field: Field): number => {
    const digits = text(field);
    if (!DIGITS.test(digits)) throw damaged(field);
    return Number(digits);
  };
  const info = {
    tokenDigest: digest,
    consoleType: text("console_type"),
    host: text("host"),
    port: integer("port"),
    internalAccessPath: textOrNull("internal_access_path"),
    instanceUuid: text("instance_uuid"),
    expires: integer("expires"),
    accessUrlBase: textOrNull("access_url_base"),
  };
  try {
    validateEndpoint(info.host, info.port);
  } catch {
    throw damaged("host or port");
  }
  return info;
}
