import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { messageOf } from "./errors.ts";
import { withReadAhead } from "./read-ahead.ts";

/** Who hears how a TLS handshake ended; exactly one of the two is called, once. */
export interface UnwrapOutcome {
  readonly secured: (socket: TLSSocket) => void;
  readonly failed: (why: string) => void;
}

/**
 * Takes the server's part of TLS handshakes on sockets that are connected already.
 *
 * A `tls.Server` that never listens does the work, as only a server's sockets report errors of a
 * handshake in a documented way and take new certificates while they run.
 */
export class TlsUnwrapper {
  #server: Server | null;
  /** Handshakes under way. The server's events tell only the address of theirs. */
  readonly #pending = new Map<string, UnwrapOutcome>();

  constructor(tls: SecureContextOptions | null) {
    this.#server = tls === null ? null : this.#createServer(tls);
  }

  /** Whether there is a certificate to show. */
  get available(): boolean {
    return this.#server !== null;
  }

  /** New handshakes use these settings; those under way keep theirs. */
  reload(tls: SecureContextOptions): void {
    if (this.#server === null) this.#server = this.#createServer(tls);
    else this.#server.setSecureContext(tls);
  }

  /** @param socket - nothing of it was read; it belongs to TLS from now on */
  unwrap(socket: Socket, outcome: UnwrapOutcome): void {
    const key = connectionKey(socket);
    if (this.#server === null || key === null) {
      outcome.failed("TLS is not available");
      return;
    }
    const settle = (): boolean => {
      socket.off("close", onGone);
      socket.off("end", onGone);
      return this.#pending.delete(key);
    };
    const fail = (why: string): void => {
      if (settle()) outcome.failed(why);
    };
    const onGone = (): void => {
      fail("the connection ended within the TLS handshake");
    };
    // Before whoever takes the socket for gone without a word.
    socket.prependListener("close", onGone);
    // An end that came with the first bytes is the socket's own to tell: TLS never hears of it.
    socket.on("end", onGone);
    this.#pending.set(key, {
      secured: (secured) => {
        if (settle()) outcome.secured(secured);
      },
      failed: fail,
    });
    // A peer that ends within the handshake has gone: only a connection in use may be half open.
    socket.allowHalfOpen = false;
    const server = this.#server;
    withReadAhead(() => {
      server.emit("connection", socket);
    });
  }

  #createServer(tls: SecureContextOptions): Server {
    const server = createServer(tls);
    server.on("secureConnection", (socket) => {
      // For what breaks an open TLS connection Node tells of the error, and leaves it open.
      socket.on("error", (error: Error) => socket.destroy(error));
      socket.allowHalfOpen = true;
      const outcome = this.#outcomeOf(socket);
      if (outcome === undefined) socket.destroy();
      else outcome.secured(socket);
    });
    server.on("tlsClientError", (error, socket) => {
      this.#outcomeOf(socket)?.failed(`TLS handshake failed: ${messageOf(error)}`);
      socket.destroy();
    });
    return server;
  }

  #outcomeOf(socket: TLSSocket): UnwrapOutcome | undefined {
    const key = connectionKey(socket);
    return key === null ? undefined : this.#pending.get(key);
  }
}

/** What tells a connection from all others to the same port; null if it is closed. */
function connectionKey(socket: Socket): string | null {
  const { remoteAddress, remotePort, localAddress } = socket;
  return remoteAddress === undefined
    ? null
    : `${remoteAddress} ${remotePort ?? 0} ${localAddress ?? ""}`;
}
