import { execFile } from "node:child_process";

/** What a command printed; or why there is nothing. */
export type CommandOutcome =
  | {
      readonly kind: "ran";
      readonly status: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: "failed"; readonly why: string };

/** Runs a command of the host. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<CommandOutcome>;

const TIME_LIMIT_MS = 10_000;
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a command within a time limit and an output bound. It may end with any status; that it is missing, too slow or
 * too talkative is an answer, never an exception.
 *
 * Output is that of the C locale.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CommandOutcome> {
  // The tools of an operator are in sbin, which a user's PATH may lack.
  const path = `${environment["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`;
  const env = { ...environment, PATH: path, LC_ALL: "C", LANGUAGE: "C" };
  return new Promise((resolve) => {
    const options = {
      ...{ env, timeout: TIME_LIMIT_MS, maxBuffer: OUTPUT_LIMIT_BYTES },
      killSignal: "SIGKILL",
    } as const;
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: "ran", status: 0, stdout, stderr });
      else if (typeof error.code === "number") {
        resolve({ kind: "ran", status: error.code, stdout, stderr });
      } else resolve({ kind: "failed", why: `${command} ${whyFailed(error)}` });
    });
  });
}

function whyFailed(error: Error & { code?: unknown; killed?: boolean }): string {
  switch (error.code) {
    case "ENOENT":
      return "is not installed";
    case "EACCES":
      return "may not be run by this user";
    case "ERR_CHILD_PROCESS_STDIO_MAXBUFFER":
      return `printed more than ${OUTPUT_LIMIT_BYTES / 1024 / 1024} MiB`;
    default:
      return error.killed === true ? `took longer than ${TIME_LIMIT_MS / 1000} s` : "failed";
  }
}

/** One line about a command that ended with a status that is not 0. */
export function whyStatus(command: string, status: number, stderr: string): string {
  // multipath has a time stamp in front.
  const line = (stderr.trim().split("\n")[0] ?? "").replace(/^[\d.]+ \| /, "");
  return `${command} ended with status ${status}${line === "" ? "" : `: ${line.slice(0, 200)}`}`;
}
