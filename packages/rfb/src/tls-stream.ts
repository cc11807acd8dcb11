import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  connect,
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
} from "node:tls";
import { type Peer, PeerMisbehavedError } from "./errors.ts";

/**
 * Takes the server's part of a TLS handshake on a connection that has carried RFB so far.
 *
 * @param viewer - paused; what it sends next is its ClientHello
 * @returns the encrypted connection, with an `error` listener for as long as it lives; `viewer`
 *   itself must not be used again
 * @throws {@link PeerMisbehavedError} if the handshake fails
 */
export async function acceptTls(
  viewer: Socket,
  secureContext: SecureContext,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const secured = new TLSSocket(viewer, { isServer: true, secureContext });
  // A server's socket tells the end of its handshake by "secure", a client's by "secureConnect".
  return secure(secured, "secure", "viewer", signal);
}

/**
 * Takes the client's part of a TLS handshake on a connection that has carried RFB so far.
 *
 * @param options - certificate authorities, our certificate and key
 * @returns as {@link acceptTls}
 * @throws {@link PeerMisbehavedError} if the handshake fails, the server's certificate included
 */
export async function startTls(
  server: Duplex,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  return secure(connect({ ...options, socket: server }), "secureConnect", "server", signal);
}

/**
 * A context for TLS with our certificate, for viewers that started in RFB.
 *
 * It goes up to TLS 1.2: in 1.3 OpenSSL sends session tickets once the handshake is over, and
 * Node.js cannot forbid it. TigerVNC before 1.13, as Debian 12 has it, does not look at what arrived together with
 * a ticket, so that it would now and then wait forever for a SecurityResult that it has got.
 *
 * @param options - an operator who asks for TLS 1.3 and nothing below gets it
 */
export function createX509TlsContext(options: SecureContextOptions): SecureContext {
  const onlyNewest = options.minVersion === "TLSv1.3";
  return createSecureContext(onlyNewest ? options : { ...options, maxVersion: "TLSv1.2" });
}

/**
 * A context for TLS without certificates: anonymous Diffie-Hellman, so against eavesdropping only.
 * Whoever sits in between can be either side. OpenSSL has it up to TLS 1.2 and only at SECLEVEL 0.
 */
export function createAnonymousTlsContext(): SecureContext {
  return createSecureContext({
    ciphers: "aNULL:!eNULL:!3DES:!RC4:!DES:@SECLEVEL=0",
    dhparam: "auto",
    maxVersion: "TLSv1.2",
  });
}

async function secure(
  socket: TLSSocket,
  event: "secure" | "secureConnect",
  peer: Peer,
  signal: AbortSignal,
): Promise<TLSSocket> {
  socket.on("error", ignore);
  const gone = new AbortController();
  const onClose = (): void => {
    gone.abort(new Error("the connection ended"));
  };
  socket.on("close", onClose);
  try {
    await once(socket, event, { signal: AbortSignal.any([signal, gone.signal]) });
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw signal.reason;
    const cause: unknown = gone.signal.aborted ? (socket.errored ?? gone.signal.reason) : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PeerMisbehavedError(peer, "VeNCrypt", `TLS handshake failed: ${why}`, { cause });
  } finally {
    socket.off("close", onClose);
  }
  return socket;
}

function ignore(): void {
  // Whoever reads or writes the socket learns of it there.
}
