import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { Child } from "./child.ts";
import { until } from "./until.ts";

/** Connects; the socket has an error listener and sends without delay. */
export async function dial(to: NetConnectOpts): Promise<Socket> {
  const socket = connect(to);
  socket.on("error", () => undefined);
  socket.setNoDelay(true);
  await once(socket, "connect");
  return socket;
}

/** Waits until a connection is over, in whatever way; it must be read meanwhile. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    socket.once("close", () => {
      resolve();
    });
  });
}

/**
 * Waits until `child` accepts connections.
 *
 * Asked twice: the first time may have met a program that only makes sure that the port is free, for workers that are
 * about to listen there.
 */
export async function accepting(child: Child, to: NetConnectOpts): Promise<void> {
  let times = 0;
  await until(`${child.name} to accept connections`, async () => {
    const ended = await Promise.race([child.ended, Promise.resolve(null)]);
    if (ended !== null) throw new Error(`${child.name} ended: ${child.stdout}${child.stderr}`);
    try {
      (await dial(to)).destroy();
      times += 1;
      return times > 1;
    } catch {
      times = 0;
      return false;
    }
  });
}

/** Waits until the program at the other end of an IPv4 loopback connection has read all that was written. */
export async function readByPeer(socket: Socket): Promise<void> {
  await until("the peer to read what it was sent", async () => {
    if (socket.destroyed) throw new Error("the peer closed the connection");
    return socket.writableLength === 0 && (await receiveQueueOfPeer(socket)) === 0;
  });
}

/**
 * Bytes that wait in the kernel for the program at the other end of an IPv4 loopback connection;
 * null when there is no such connection any more.
 *
 * @see proc(5), /proc/net/tcp
 */
async function receiveQueueOfPeer(socket: Socket): Promise<number | null> {
  const local = hexPort(socket.remotePort);
  const remote = hexPort(socket.localPort);
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map(readText));
  const row = new RegExp(`: [0-9A-F]+:${local} [0-9A-F]+:${remote} .. [0-9A-F]+:([0-9A-F]+)`);
  const match = row.exec(tables.join(""));
  return match === null ? null : Number.parseInt(match[1] ?? "", 16);
}

async function readText(path: string): Promise<string> {
  return readFile(path, "latin1");
}

function hexPort(port: number | undefined): string {
  return (port ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
