import { constants } from "node:crypto";
import type { Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";

/**
 * Takes the server's part of a TLS handshake on a connection that has carried RFB so far.
 *
 * @param viewer - paused; what it sends next is its ClientHello
 * @returns the encrypted connection; `viewer` itself must not be used again
 */
export type AcceptTls = (viewer: Socket, signal: AbortSignal) => Promise<Socket>;

/** TLS for the ways that need it. */
export interface ViewerTls {
  /** With our certificate; null where there is none. */
  readonly x509: AcceptTls | null;
  readonly anonymous: AcceptTls;
}

/**
 * What TLS with our certificate needs, for viewers that started in RFB.
 *
 * It goes up to TLS 1.2: in 1.3 OpenSSL sends session tickets once the handshake is over, and
 * Node.js cannot forbid it. TigerVNC before 1.13, as Debian 12 has it, does not look at what arrived together with
 * a ticket, so that it would now and then wait forever for a SecurityResult that it has got.
 *
 * @param options - an operator who asks for TLS 1.3 and nothing below gets it
 */
export function x509TlsOptions(options: SecureContextOptions): SecureContextOptions {
  const onlyNewest = options.minVersion === "TLSv1.3";
  return onlyNewest ? options : { ...options, maxVersion: "TLSv1.2" };
}

/**
 * What TLS without certificates needs: anonymous Diffie-Hellman, so against eavesdropping only.
 * Whoever sits in between can be either side. OpenSSL has it up to TLS 1.2 and only at SECLEVEL 0.
 */
export function anonymousTlsOptions(): SecureContextOptions {
  return {
    ciphers: "aNULL:!eNULL:!3DES:!RC4:!DES:@SECLEVEL=0",
    dhparam: "auto",
    maxVersion: "TLSv1.2",
    // As the listener has it for TLS with a certificate.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}
