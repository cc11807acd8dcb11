import type { PlaceLog } from "./instance-place.ts";

/** How Keystone's API names a user or a project: by id, or by name within a domain. */
export type KeystoneReference =
  | { readonly id: string }
  | {
      readonly name: string;
      readonly domain: { readonly id: string } | { readonly name: string };
    };

/** A user with a password, in the project that it has its role in. */
export interface PasswordCredentials {
  readonly kind: "password";
  readonly user: KeystoneReference;
  readonly password: string;
  readonly project: KeystoneReference;
}

/** An application credential, which is bound to one project already. */
export interface ApplicationCredentials {
  readonly kind: "application-credential";
  readonly credential:
    { readonly id: string } | { readonly name: string; readonly user: KeystoneReference };
  readonly secret: string;
}

/** What Keystone is shown. */
export type KeystoneCredentials = PasswordCredentials | ApplicationCredentials;

/** TLS towards Keystone and nova's API: files, PEM. */
export interface TlsFiles {
  /** null: the authorities that Node.js knows. */
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Certificates are not verified. */
  readonly insecure: boolean;
}

/** What the store needs to know. */
export interface NovaApiSettings {
  /** The group of nova.conf that the Keystone options are from, for what an error tells to do. */
  readonly group: string;
  /** Keystone's address, with or without `/v3`. */
  readonly authUrl: string;
  readonly credentials: KeystoneCredentials;
  /** null: the first in the catalogue. */
  readonly regionName: string | null;
  /** null: Keystone's catalogue says it. */
  readonly novaApiUrl: string | null;
  readonly tls: TlsFiles;
  /** For each request, from its start to the end of its answer. */
  readonly timeoutMs: number;
  /** What tokens are taken to be minted for: the API does not say. */
  readonly accessUrlBase: string;
  /** How long nova's tokens are good for, `[consoleauth] token_ttl`: the API does not say how much is left. */
  readonly tokenTtlSeconds: number;
  /** Whether nova is asked where the instance is now, before a token is good. */
  readonly checksPlace: boolean;
  readonly log: PlaceLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
