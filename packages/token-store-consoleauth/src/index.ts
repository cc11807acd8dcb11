/**
 * The token store of clouds up to Queens: a nova-consoleauth that is asked over RPC.
 *
 * @packageDocumentation
 */
export { ConsoleauthTokenStore, type CheckTokenCaller } from "./consoleauth-token-store.ts";
export { openConsoleauthTokenStore } from "./open-consoleauth-token-store.ts";
