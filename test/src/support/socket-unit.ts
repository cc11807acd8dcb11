import { Child } from "./child.ts";
import { commandOf, type Program } from "./programs.ts";

/** Gives a program descriptor 3 as systemd would. sd_listen_fds(3) */
const AS_SYSTEMD = 'export LISTEN_PID=$$ LISTEN_FDS=${COUNT:-1}; exec "$@"';
/** A service manager of one line: what ends is started again, on the same socket. */
const RESTARTING = `while :; do sh -c '${AS_SYSTEMD}' sh "$@"; done`;

/**
 * Starts a program again and again, as a socket unit and `Restart=always` do: systemd-socket-activate
 * listens, and goes on as a shell that keeps the socket. The first connection starts it.
 */
export function startOnSocket(
  program: Program,
  port: number,
  args: readonly string[],
): Promise<Child> {
  const shell = ["sh", "-c", RESTARTING, "sh"];
  return Child.start("systemd-socket-activate", [
    ...["--listen", `127.0.0.1:${port}`, ...shell],
    ...commandOf(program, args),
  ]);
}

/** Starts a program with `descriptor` as what systemd passes. @param redirection - of a shell: `3</dev/null` */
export function startWithDescriptor(
  program: Program,
  redirection: string,
  args: readonly string[],
  count = 1,
): Promise<Child> {
  const shell = ["-c", `exec ${redirection}; ${AS_SYSTEMD}`, "sh"];
  return Child.start("sh", [...shell, ...commandOf(program, args)], { COUNT: String(count) });
}
