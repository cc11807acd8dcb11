import type { ConnectInfo } from "./connect-info.ts";
import { TokenStoreError } from "./errors.ts";

/** A row as a driver gives it: SQLite's columns hold any type, whatever they were declared as. */
type Row = Readonly<Record<string, unknown>>;

/** The columns of `console_auth_tokens` that {@link encodeRow} gives values for, as SQL lists them. */
export const TOKEN_COLUMNS =
  "token_hash, console_type, host, port, internal_access_path, instance_uuid, expires, access_url_base";

/** @returns the values of {@link TOKEN_COLUMNS}, in their order */
export function encodeRow(info: ConnectInfo): (string | number | null)[] {
  return [
    info.tokenDigest,
    info.consoleType,
    info.host,
    info.port,
    info.internalAccessPath,
    info.instanceUuid,
    info.expires,
    info.accessUrlBase,
  ];
}

/**
 * Decodes a row of `console_auth_tokens`, ours or nova's.
 *
 * @param path - the store's file or server, for the error
 * @throws {@link TokenStoreError} if a column does not hold what the schema says
 */
export function decodeRow(row: Row, path: string): ConnectInfo {
  return {
    tokenDigest: text(row, "token_hash", path),
    consoleType: text(row, "console_type", path),
    host: text(row, "host", path),
    port: integer(row, "port", path),
    internalAccessPath: textOrNull(row, "internal_access_path", path),
    instanceUuid: text(row, "instance_uuid", path),
    expires: integer(row, "expires", path),
    accessUrlBase: textOrNull(row, "access_url_base", path),
  };
}

function text(row: Row, column: string, path: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw damaged(column, "text", path);
}

function textOrNull(row: Row, column: string, path: string): string | null {
  return row[column] === null ? null : text(row, column, path);
}

function integer(row: Row, column: string, path: string): number {
  const value = row[column];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw damaged(column, "a whole number", path);
}

function damaged(column: string, wanted: string, path: string): TokenStoreError {
  return new TokenStoreError(
    `token store ${path}: a row's ${column} is not ${wanted}; remove that row from console_auth_tokens`,
  );
}
