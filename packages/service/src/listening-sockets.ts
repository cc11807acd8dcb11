import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { endianness } from "node:os";

/** A TCP socket that listens, as the kernel lists it. */
export interface ListeningSocket {
  /** Names the socket: descriptors lead to `socket:[INODE]`. */
  readonly inode: string;
  readonly host: string;
  readonly port: number;
}

/** TCP_LISTEN */
const LISTENS = "0A";

/**
 * Lists the TCP sockets of this network namespace that listen. Node.js cannot ask a socket for its state, so the
 * kernel's tables are read.
 *
 * @returns none where there is no /proc
 * @see proc(5), /proc/net/tcp
 */
export function listeningSockets(): ListeningSocket[] {
  return ["tcp", "tcp6"].flatMap(linesOf).flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENS && inode !== undefined ? [{ inode, ...decodeAddress(local) }] : [];
  });
}

function linesOf(table: string): string[] {
  try {
    // Not /proc/net: with ProcSubset=pid there are processes only.
    return readFileSync(`/proc/self/net/${table}`, "latin1").split("\n");
  } catch {
    // A kernel without IPv6 has no tcp6.
    return [];
  }
}

/** `0100007F:17C0` is 127.0.0.1:6080: words of 32 bits as they lie in memory, and the port. */
function decodeAddress(text: string): Omit<ListeningSocket, "inode"> {
  const [address = "", port = ""] = text.split(":");
  const bytes = Buffer.from(address, "hex");
  if (endianness() === "LE") bytes.swap32();
  return { host: formatIp(bytes), port: Number.parseInt(port, 16) };
}

function formatIp(bytes: Buffer): string {
  const dotted = [...bytes.subarray(-4)].join(".");
  if (bytes.length === 4 && isIPv4(dotted)) return dotted;
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => bytes.readUInt16BE(at).toString(16));
  // As a URL has it: the longest row of zeros is left out.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
