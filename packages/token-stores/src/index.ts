/**
 * Opens the token store that nova.conf names: the one place that knows all kinds.
 *
 * A kind that needs a driver is a package of its own, loaded only where it is configured.
 *
 * @packageDocumentation
 */
export {
  openTokenAuthority,
  openTokenStore,
  type ProxyTokenStore,
  type StoreSurroundings,
} from "./open-token-store.ts";
export { watchStore } from "./watch-store.ts";
