import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { listeningSockets } from "../listening-sockets.ts";
import { WORKER_MARK } from "./fork-worker.ts";

/**
 * Lists the workers of a program whose primary process is gone, and which still listen on a port: they hang, or would
 * have let go of it. Workers that were left on purpose do not listen.
 *
 * Only those of the same user and of the same control group count, which under systemd is the same unit.
 *
 * @returns their process numbers; none where there is no /proc
 */
export function orphansOn(program: string, port: number): number[] {
  const sockets = new Set(
    listeningSockets()
      .filter((socket) => socket.port === port)
      .map(({ inode }) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return [];
  const unit = read("/proc/self/cgroup");
  return processes().filter(
    (pid) =>
      isOfThisUser(pid) &&
      isOrphanOf(program, pid) &&
      read(`/proc/${pid}/cgroup`) === unit &&
      descriptorsOf(pid).some((target) => sockets.has(target)),
  );
}

function processes(): number[] {
  return list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function isOfThisUser(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === process.getuid?.();
  } catch {
    // It has ended.
    return false;
  }
}

/** Its title may have replaced the command line, so the environment is read. */
function isOrphanOf(program: string, pid: number): boolean {
  const mark = read(`/proc/${pid}/environ`)
    .split("\0")
    .find((variable) => variable.startsWith(`${WORKER_MARK}=`));
  const [its, primary] = mark?.slice(WORKER_MARK.length + 1).split(" ") ?? [];
  return its === program && primary !== undefined && primary !== parentOf(pid);
}

/** @returns "" for a process that has ended */
function parentOf(pid: number): string {
  // The name, in parentheses, may hold anything: state and parent follow the last one.
  const text = read(`/proc/${pid}/stat`);
  return (
    text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .at(1) ?? ""
  );
}

function descriptorsOf(pid: number): string[] {
  return list(`/proc/${pid}/fd`).map((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    } catch {
      return "";
    }
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
