import { once } from "node:events";
import { lstatSync, statSync, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { AddressError, codeOf, messageOf, SettingError } from "./errors.ts";

const UNIX_PREFIX = "unix:";
/** A socket's owner and group may connect to it. */
const SOCKET_UMASK = 0o117;
const PROBE_TIMEOUT_MS = 1_000;
const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;

/**
 * Makes an HTTP server listen where an option says.
 *
 * A socket file that a killed process left behind is removed; one that somebody answers on is not.
 *
 * @param option - as messages name it: `[consoleauth] api_listen`
 * @param address - its value: `HOST:PORT`, `[IPV6]:PORT` or `unix:/PATH`
 * @returns where it listens now, in the same form (port 0 has become one)
 * @throws {@link SettingError} if the address is of none of these forms
 * @throws {@link AddressError} if it cannot be listened on, with the reason
 */
export async function listenOn(server: Server, option: string, address: string): Promise<string> {
  const where = `${option} ${address}`;
  if (address.startsWith(UNIX_PREFIX)) {
    const path = address.slice(UNIX_PREFIX.length);
    refuseMissingDirectory(path, where);
    await removeStaleSocket(path);
    await listen(server, { path }, where);
    return address;
  }
  const match = HOST_AND_PORT.exec(address);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) {
    throw new SettingError(
      `${option} is ${JSON.stringify(address.slice(0, 80))}, must be HOST:PORT, [IPV6]:PORT or unix:/PATH`,
    );
  }
  await listen(server, { host, port: Number(match?.[3]) }, where);
  const bound = server.address();
  if (bound === null || typeof bound === "string") return address;
  return bound.family === "IPv6"
    ? `[${bound.address}]:${bound.port}`
    : `${bound.address}:${bound.port}`;
}

async function listen(
  server: Server,
  to: { path: string } | { host: string; port: number },
  where: string,
): Promise<void> {
  const listening = once(server, "listening");
  try {
    // The file is made within this call: with a chmod after it there would be a moment for others.
    const umask = process.umask(SOCKET_UMASK);
    try {
      server.listen(to);
    } finally {
      process.umask(umask);
    }
    await listening;
  } catch (error) {
    // If listen() itself threw, nobody waits for the event any more.
    listening.catch(() => undefined);
    throw new AddressError(`${where}: ${reason(error)}`, {
      cause: error,
    });
  }
}

/** Node reports a missing directory as missing rights. */
function refuseMissingDirectory(path: string, where: string): void {
  const directory = dirname(path);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new AddressError(`${where}: there is no directory ${directory}`);
}

async function removeStaleSocket(path: string): Promise<void> {
  if (!isSocket(path) || (await isAnswered(path))) return;
  unlinkSync(path);
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect({ path });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return true;
  } catch (error) {
    // Only a refusal says that there is nobody; a full queue or missing rights do not.
    return codeOf(error) !== "ECONNREFUSED";
  } finally {
    socket.destroy();
  }
}

function reason(error: unknown): string {
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return "another program listens there; set another address, or find it with: ss -lntxp";
    case "EACCES":
      return "no permission; ports below 1024 need CAP_NET_BIND_SERVICE, a socket a directory that this user may write to";
    case "EADDRNOTAVAIL":
      return "this machine has no such address";
    default:
      return messageOf(error);
  }
}
