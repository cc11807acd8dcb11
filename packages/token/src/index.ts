/**
 * What a console token is and where it is kept.
 *
 * @packageDocumentation
 */
export type { ConnectInfo } from "./connect-info.ts";
export { InvalidTokenError, TokenError, TokenStoreError } from "./errors.ts";
export { Token } from "./token.ts";
export type { TokenStore } from "./token-store.ts";
