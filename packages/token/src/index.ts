/**
 * What a console token is, where it is kept, and the embedded store.
 *
 * `TokenStore` is all that a proxy needs. `SqliteTokenStore` is the one that needs no server, in
 * nova's own table; stores that need a driver are packages of their own.
 *
 * @packageDocumentation
 */
export { accessUrlBaseOf, buildAccessUrl } from "./access-url.ts";
export type { ConnectInfo } from "./connect-info.ts";
export {
  type AuthorizedConsole,
  type ConsoleRequest,
  type ConsoleType,
  consoleTypes,
  validateConsoleRequest,
  validateConsoleType,
  validateEndpoint,
  validateInstanceUuid,
} from "./console-request.ts";
export {
  InvalidConsoleRequestError,
  InvalidTokenError,
  TokenError,
  TokenStoreError,
  TokenStoreSettingError,
} from "./errors.ts";
export { openTokenStore, type TokenStoreLocation } from "./open-token-store.ts";
export { SqliteTokenStore, type SqliteTokenStoreOptions } from "./sqlite-token-store.ts";
export { decodeRow, encodeRow, TOKEN_COLUMNS } from "./token-row.ts";
export { Token } from "./token.ts";
export type { TokenAuthority, TokenDirectory, TokenStore } from "./token-store.ts";
export { deriveViewerPassword, isViewerPassword } from "./viewer-password.ts";
export { openViewerPasswordSecret } from "./viewer-password-secret.ts";
export { checkTokenStore, countTokenChecks, type TokenCheckCounter } from "./watch-token-store.ts";
