import { readFileSync, readlinkSync } from "node:fs";
import { isIPv4 } from "node:net";
import { endianness } from "node:os";
import { SettingError } from "./errors.ts";

/** A TCP socket that listens, which systemd made and keeps. */
export interface PassedSocket {
  /** File descriptor. */
  readonly fd: number;
  readonly host: string;
  readonly port: number;
}

/** SD_LISTEN_FDS_START */
const FIRST_FD = 3;
/** TCP_LISTEN */
const LISTENS = "0A";

/**
 * Takes the socket that systemd passed to this process, as a `.socket` unit has it do.
 *
 * The variables are removed, so that no child takes the socket for its own.
 *
 * @param environment - changed
 * @param pid - this process'
 * @returns null if there is none
 * @throws {@link SettingError} if it is not one TCP socket that listens
 * @see sd_listen_fds(3); proc(5), /proc/net/tcp
 */
export function takePassedSocket(environment: NodeJS.ProcessEnv, pid: number): PassedSocket | null {
  const { LISTEN_PID: whose, LISTEN_FDS: count, LISTEN_FDNAMES: names = "" } = environment;
  delete environment["LISTEN_PID"];
  delete environment["LISTEN_PIDFDID"];
  delete environment["LISTEN_FDS"];
  delete environment["LISTEN_FDNAMES"];
  if (count === undefined || whose !== String(pid) || count === "0") return null;
  if (count !== "1") {
    const what = names === "" ? "" : ` (${names.slice(0, 200)})`;
    throw new SettingError(
      `systemd passed ${count.slice(0, 20)} sockets${what}, must be one: a single ListenStream= in a single socket unit`,
    );
  }
  return { fd: FIRST_FD, ...whereItListens(FIRST_FD) };
}

/**
 * Node.js cannot ask a socket for its type and state, so the kernel's tables are.
 *
 * @throws {@link SettingError} if it is not a TCP socket that listens
 */
export function whereItListens(fd: number): Omit<PassedSocket, "fd"> {
  const inode = /^socket:\[(\d+)\]$/.exec(targetOf(fd))?.[1];
  if (inode !== undefined) {
    for (const table of ["tcp", "tcp6"]) {
      for (const line of linesOf(table)) {
        const [, local = "", , state, , , , , , its] = line.trim().split(/\s+/);
        if (its === inode && state === LISTENS) return decodeAddress(local);
      }
    }
  }
  throw new SettingError(
    `the socket that systemd passed does not listen for TCP; its unit must have ListenStream= with a port (and Accept=no)`,
  );
}

function targetOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "nothing";
  }
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
function decodeAddress(text: string): Omit<PassedSocket, "fd"> {
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
