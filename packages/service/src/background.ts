import { spawn } from "node:child_process";

/** Marks the process that the one in the foreground started. */
const MARK = "NOVA_CONSOLE_IN_BACKGROUND";

/** Whether this process is the one in the background already. */
export function isInBackground(environment: Readonly<NodeJS.ProcessEnv>): boolean {
  return environment[MARK] === "1";
}

/**
 * Whether systemd waits for this very process: to be told that it is ready (`Type=notify`), or to take the socket of a
 * socket unit. A process in the background would be neither its main process nor the owner of that socket. With
 * `Type=forking` neither variable is set, and the background is what the unit wants.
 *
 * @see sd_notify(3), sd_listen_fds(3)
 */
export function isAwaitedBySystemd(environment: Readonly<NodeJS.ProcessEnv>, pid: number): boolean {
  const { NOTIFY_SOCKET: notify = "", LISTEN_PID: listens } = environment;
  return notify !== "" || listens === String(pid);
}

/**
 * `[DEFAULT] daemon`: starts the same command line in a session of its own, and waits until it is
 * ready, so that what goes wrong at the start is seen by whoever started it.
 *
 * @param report - gets what the process in the background writes to standard error until then
 * @returns its exit status if it ended, 0 once it is ready
 */
export function startInBackground(
  program: Pick<NodeJS.Process, "execPath" | "execArgv" | "argv" | "env">,
  report: (text: string) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.execPath, [...program.execArgv, ...program.argv.slice(1)], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...program.env, [MARK]: "1" },
    });
    child.stderr?.setEncoding("utf8").on("data", report);
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 1);
    });
    child.once("message", () => {
      child.disconnect();
      child.stderr?.destroy();
      child.unref();
      resolve(0);
    });
  });
}

/** To be called in the background when the service is ready: lets the foreground go. */
export function tellForeground(program: Pick<NodeJS.Process, "send" | "disconnect">): void {
  program.send?.("ready", undefined, undefined, () => {
    // Whoever waited has gone by now, or goes.
  });
}
