import type { Socket } from "node:net";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { TlsHandshakeError } from "./errors.ts";
import { TlsUnwrapper } from "./tls-unwrapper.ts";

/**
 * Takes the server's part of a TLS handshake on a connection that has carried something else so far.
 *
 * @param socket - not flowing; what it sends next is its ClientHello, and it belongs to TLS from now on
 * @param signal - ends the wait with its reason, and the connection
 * @returns the encrypted connection, destroyed by its first error
 * @throws {@link TlsHandshakeError} if the handshake fails
 */
export type TlsAcceptor = (socket: Socket, signal: AbortSignal) => Promise<TLSSocket>;

/** Makes a {@link TlsAcceptor} of a certificate, ciphers and versions. */
export function createTlsAcceptor(options: SecureContextOptions): TlsAcceptor {
  const unwrapper = new TlsUnwrapper(options);
  return (socket, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = (): void => {
        reject(signal.reason as Error);
        socket.destroy();
      };
      signal.addEventListener("abort", onAbort);
      unwrapper.unwrap(socket, {
        secured: (secured) => {
          signal.removeEventListener("abort", onAbort);
          resolve(secured);
        },
        failed: (why) => {
          signal.removeEventListener("abort", onAbort);
          reject(new TlsHandshakeError(why));
        },
      });
    });
}
