/** Codes of Node and OpenSSL for a certificate that is not accepted. */
const CERTIFICATE_CODE = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/**
 * Decides whether a broker that answers has refused us, or we have refused its certificate. A broker that is away, or that
 * goes away, is no refusal.
 *
 * @param error - amqplib's, the socket's or that of `dialBroker`
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.cause !== undefined && isRefusal(error.cause)) return true;
  const { code } = error as { readonly code?: unknown };
  if (typeof code === "string") return CERTIFICATE_CODE.test(code);
  // AMQP's reply codes: 320 is an operator's or a broker's shutdown, all above it are refusals.
  if (typeof code === "number") return code > 320;
  return /^(?:Handshake terminated by server|Expected ConnectionOpenOk)/.test(error.message);
}
