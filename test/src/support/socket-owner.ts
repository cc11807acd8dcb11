import { readdir, readFile, readlink } from "node:fs/promises";
import type { Socket } from "node:net";

/**
 * Which of these processes has the other end of an IPv4 loopback connection.
 *
 * @see proc(5), /proc/net/tcp and /proc/PID/fd
 */
export async function ownerOfPeer(socket: Socket, pids: readonly number[]): Promise<number> {
  const row = new RegExp(
    `: [0-9A-F]+:${hexPort(socket.remotePort)} [0-9A-F]+:${hexPort(socket.localPort)} .*`,
  );
  // The columns: sl, local, remote, st, queues, timer, retransmits, uid, timeout, inode.
  const inode = row
    .exec(await readFile("/proc/net/tcp", "latin1"))?.[0]
    .split(/\s+/)
    .at(9);
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      if (target === `socket:[${inode ?? "?"}]`) return pid;
    }
  }
  throw new Error(`none of ${pids.join(", ")} has socket ${inode ?? "?"}`);
}

function hexPort(port: number | undefined): string {
  return (port ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
