import { constants } from "node:crypto";
import type { SecureContextOptions, SecureVersion } from "node:tls";

/** What a TLS server needs, already read from its files. */
export interface TlsSettings {
  /** The certificate chain in PEM, leaf first. */
  readonly cert: Buffer;
  /** The private key in PEM, not encrypted. */
  readonly key: Buffer;
  /** OpenSSL's cipher list; its own defaults if absent. */
  readonly ciphers?: string;
  /** Lowest version spoken; Node.js' default (TLS 1.2) if absent. */
  readonly minVersion?: SecureVersion;
}

/** {@link TlsSettings} in the words of `node:tls`. */
export function secureContextOptions(tls: TlsSettings): SecureContextOptions {
  return {
    cert: tls.cert,
    key: tls.key,
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
    ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
    // No viewer renegotiates, and each renegotiation costs us more than its client. TLS 1.3 has none.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // The server's order of ciphers counts, as an operator who writes ssl_ciphers expects.
    honorCipherOrder: true,
  };
}
