import { NameLookupError } from "@nova-console/name-lookup";

/** Codes of OpenSSL's verification that name no certificate in their text. */
const UNTRUSTED = /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|CRL_)/;

/**
 * What a failed connection is for the operator: what was seen, and what to do. Follows the server's name.
 *
 * @param group - of nova.conf, that names the authorities
 */
export function describeNetworkError(error: NodeJS.ErrnoException, group: string): string {
  const { code } = error;
  if (error instanceof NameLookupError) {
    return `cannot be reached (${error.message}): check DNS and /etc/hosts of this host`;
  }
  if (code === undefined) return `breaks the connection: ${error.message}`;
  if (UNTRUSTED.test(code)) {
    return `shows a certificate that is not trusted (${code}): set [${group}] cafile to its authority`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `shows a certificate for another name (${code}): use the name that is in it`;
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return `fails in TLS (${code}): is that port plain http, or does it want a client's certificate ([${group}] certfile)?`;
  }
  if (code.startsWith("HPE_")) return `does not speak HTTP (${code})`;
  return `cannot be reached (${code}): is it running, and the way there open?`;
}
