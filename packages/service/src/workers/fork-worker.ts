import { fork, type ChildProcess } from "node:child_process";
import cluster from "node:cluster";

/**
 * Environment variable of the processes that the primary one starts: the program's name and the primary process'
 * number, with a space between.
 */
export const WORKER_MARK = "NOVA_CONSOLE_WORKER";

/**
 * V8's young generation, in MiB for each of its halves. By itself it grows to 16 with the garbage that opening
 * consoles makes, which at a thousand idle consoles is most of a process, and buys nothing: what is
 * garbage here is short-lived.
 */
const SEMI_SPACE_MIB = 4;

/** Where in a worker's `stdio` a socket that systemd passed is. */
export const SOCKET_OF_WORKERS = 3;

/** Whether each worker can listen on the port by itself. */
export const listensAlone = process.platform === "linux";

/** Whether this process is a worker. */
export function isWorker(program: Pick<NodeJS.Process, "env" | "connected">): boolean {
  return cluster.isWorker || (program.env[WORKER_MARK] !== undefined && program.connected);
}

/**
 * Starts this program once more, as a worker.
 *
 * Where workers cannot share a port, node:cluster has this process accept for them. Where they can it
 * must not: it would have a socket that systemd passed as well, as nothing can tell it otherwise.
 *
 * @param program - its name
 * @param socket - file descriptor of a socket that the worker finds at {@link SOCKET_OF_WORKERS}
 */
export function forkWorker(program: string, socket: number | null): ChildProcess {
  const execArgv = [...process.execArgv, `--max-semi-space-size=${SEMI_SPACE_MIB}`];
  if (!listensAlone) {
    cluster.setupPrimary({ execArgv });
    return cluster.fork().process;
  }
  return fork(process.argv[1] ?? "", process.argv.slice(2), {
    execArgv,
    env: { ...process.env, [WORKER_MARK]: `${program} ${process.pid}` },
    stdio: ["inherit", "inherit", "inherit", ...(socket === null ? [] : [socket]), "ipc"],
  });
}
