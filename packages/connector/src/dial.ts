import { isIP, type NetConnectOpts, type Socket } from "node:net";
import { createLendingSocket } from "@nova-console/byte-stream";
import { lookupWithin, NameLookupError } from "@nova-console/name-lookup";
import { type BackendAddress, describeBackendAddress } from "./backend-address.ts";
import type { BackendPolicy } from "./backend-policy.ts";
import { BackendForbiddenError, BackendNameError, BackendUnreachableError } from "./errors.ts";
import { judgedLookup } from "./judged-lookup.ts";
import { openSocketFile, pathOf } from "./socket-file.ts";

/** After this long without traffic the kernel asks whether the backend is still there. */
const KEEP_ALIVE_AFTER_MS = 30_000;

/** How a backend may be dialled. */
export interface DialOptions {
  /** Judges each address that is about to be dialled, after a name was looked up. */
  readonly policy: BackendPolicy;
  /** The limit for all of it, which the signal keeps; the look-up of a name ends before. */
  readonly connectTimeoutMs: number;
  /** Ends the attempt; its reason is the `cause`. */
  readonly signal: AbortSignal;
}

/** A listener that has to be there: an `error` without one ends the process. */
function ignore(): void {
  // Whoever reads or writes the socket learns of it there.
}

/**
 * Opens a connection to a VNC server: half-open allowed, TCP_NODELAY and keepalive on.
 *
 * A name with several addresses is tried over IPv6 and IPv4 in turn (RFC 8305).
 *
 * @returns a paused socket with an `error` listener for as long as it lives
 * @throws {@link BackendForbiddenError} if the policy refuses the address
 * @throws {@link BackendNameError} if the name cannot be looked up
 * @throws {@link BackendUnreachableError} if nobody takes the connection, or the signal comes first
 */
export async function dial(
  address: BackendAddress,
  { policy, connectTimeoutMs, signal }: DialOptions,
): Promise<Socket> {
  if ("path" in address) {
    const file = await openSocketFile(address.path, policy);
    try {
      return await connect(address, { path: pathOf(file) }, signal);
    } finally {
      await file.close();
    }
  }
  const { host } = address;
  if (isIP(host) !== 0) {
    const problem = policy.addressProblem(host);
    if (problem !== null) throw new BackendForbiddenError(problem);
    return connect(address, address, signal);
  }
  const lookup = judgedLookup(policy, lookupWithin(connectTimeoutMs, signal));
  return connect(address, { ...address, lookup }, signal);
}

/** @param address - for errors: as the token has it */
async function connect(
  address: BackendAddress,
  target: NetConnectOpts,
  signal: AbortSignal,
): Promise<Socket> {
  const options: NetConnectOpts = {
    ...target,
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
    if (error instanceof BackendForbiddenError) throw error;
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
  if (!(error instanceof Error)) return String(error);
  const isOurs = "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
  return isOurs ? `this process has no file descriptor left: ${error.message}` : error.message;
}
