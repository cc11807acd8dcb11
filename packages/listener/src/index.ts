/**
 * One TCP port for TLS and plain clients, told apart by their first byte.
 *
 * It accepts, unwraps TLS, and hands over sockets from which nothing was lost. It speaks no protocol
 * above TLS.
 *
 * @packageDocumentation
 */
export { formatAddress } from "./bind-error.ts";
export { claimPort } from "./bind.ts";
export {
  ListenerError,
  ListenError,
  ProxyHeaderError,
  TlsHandshakeError,
  TlsSettingsError,
} from "./errors.ts";
export { forwardedFor } from "./forwarded-for.ts";
export type {
  ConnectionInfo,
  ConnectionLimit,
  ConnectionPlace,
  Listener,
  ListenOptions,
} from "./listen-options.ts";
export { listen } from "./listen.ts";
export { networksOf } from "./trusted-peers.ts";
export { loadTlsSettings, type MinimumTlsVersion, type TlsOptions } from "./load-tls-settings.ts";
export { createTlsAcceptor, type TlsAcceptor } from "./tls-acceptor.ts";
export { secureContextOptions, type TlsSettings } from "./tls-settings.ts";
