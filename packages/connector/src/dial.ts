import type { NetConnectOpts, Socket } from "node:net";
import { createLendingSocket } from "@nova-console/byte-stream";
import { lookupWithin, NameLookupError } from "@nova-console/name-lookup";
import { type BackendAddress, describeBackendAddress } from "./backend-address.ts";
import { BackendNameError, BackendUnreachableError } from "./errors.ts";

/** After this long without traffic the kernel asks whether the backend is still there. */
const KEEP_ALIVE_AFTER_MS = 30_000;

/** A listener that has to be there: an `error` without one ends the process. */
function ignore(): void {
  // Whoever reads or writes the socket learns of it there.
}

/**
 * Opens a connection to a VNC server: half-open allowed, TCP_NODELAY and keepalive on.
 *
 * A name with several addresses is tried over IPv6 and IPv4 in turn (RFC 8305).
 *
 * @param connectTimeoutMs - the limit for all of it, which the signal keeps; the look-up of a name ends before
 * @param signal - ends the attempt; its reason is the `cause`
 * @returns a paused socket with an `error` listener for as long as it lives
 * @throws {@link BackendNameError} if the name cannot be looked up
 * @throws {@link BackendUnreachableError} if nobody takes the connection, or the signal comes first
 */
export async function dial(
  address: BackendAddress,
  connectTimeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const options: NetConnectOpts = {
    ...address,
    lookup: lookupWithin(connectTimeoutMs, signal),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
  };
  const socket = createLendingSocket();
  socket.on("error", ignore);
  socket.connect(options);
  try {
    await connected(socket, signal);
  } catch (error) {
    socket.destroy();
    const what = `cannot connect to ${describeBackendAddress(address)}: ${explain(error, signal)}`;
    const cause: unknown = signal.aborted ? signal.reason : error;
    throw cause instanceof NameLookupError
      ? new BackendNameError(what, { cause })
      : new BackendUnreachableError(what, { cause });
  }
  return socket;
}

/** Waits until a socket is connected, or cannot be, or the signal comes. */
function connected(socket: Socket, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onConnect = (): void => {
      settle();
      resolve();
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void => {
      onError(signal.reason as Error);
    };
    const settle = (): void => {
      socket.off("connect", onConnect);
      socket.off("error", onError);
      signal.removeEventListener("abort", onAbort);
    };
    socket.on("connect", onConnect);
    socket.on("error", onError);
    signal.addEventListener("abort", onAbort);
  });
}

/** Node's words, with one line for each address that was tried. */
function explain(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) {
    return signal.reason instanceof Error ? signal.reason.message : "given up";
  }
  if (error instanceof AggregateError) {
    return error.errors.map((each) => explain(each, signal)).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}
