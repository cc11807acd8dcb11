import { once } from "node:events";
import type { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { PeerMisbehavedError } from "./errors.ts";

/**
 * Takes the client's part of a TLS handshake on a connection that has carried RFB so far.
 *
 * @param options - certificate authorities, our certificate and key
 * @returns the encrypted connection, destroyed by its first error; `server` itself must not be used
 *   again
 * @throws {@link PeerMisbehavedError} if the handshake fails, the server's certificate included
 */
export async function startTls(
  server: Duplex,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const socket = connect({ ...options, socket: server });
  // For what breaks an open TLS connection Node tells of the error, and leaves it open.
  socket.on("error", (error: Error) => socket.destroy(error));
  const gone = new AbortController();
  const onClose = (): void => {
    gone.abort(new Error("the connection ended"));
  };
  socket.on("close", onClose);
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.any([signal, gone.signal]) });
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw signal.reason;
    const cause: unknown = gone.signal.aborted ? (socket.errored ?? gone.signal.reason) : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PeerMisbehavedError("server", "VeNCrypt", `TLS handshake failed: ${why}`, { cause });
  } finally {
    socket.off("close", onClose);
  }
  return socket;
}
