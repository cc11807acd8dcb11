/**
 * Console tokens asked of nova's API, `GET /os-console-auth-tokens/{token}`, as a Keystone user: a
 * proxy that does so needs neither the database's password nor the message bus.
 *
 * @packageDocumentation
 */
export { NovaApiTokenStore } from "./nova-api-token-store.ts";
export type {
  ApplicationCredentials,
  KeystoneCredentials,
  KeystoneReference,
  NovaApiSettings,
  PasswordCredentials,
  TlsFiles,
} from "./settings.ts";
