import { readlinkSync } from "node:fs";
import { SettingError } from "./errors.ts";
import { listeningSockets } from "./listening-sockets.ts";

/** A TCP socket that listens, which systemd made and keeps. */
export interface PassedSocket {
  /** File descriptor. */
  readonly fd: number;
  readonly host: string;
  readonly port: number;
}

/** SD_LISTEN_FDS_START */
const FIRST_FD = 3;

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
 * Finds where a descriptor listens.
 *
 * @throws {@link SettingError} if it is not a TCP socket that listens
 */
export function whereItListens(fd: number): Omit<PassedSocket, "fd"> {
  const inode = /^socket:\[(\d+)\]$/.exec(targetOf(fd))?.[1];
  const found = listeningSockets().find((socket) => socket.inode === inode);
  if (found !== undefined) return { host: found.host, port: found.port };
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
