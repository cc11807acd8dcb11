import { spawn } from "node:child_process";
import { messageOf } from "./errors.ts";

/** Longest wait for systemd to take one message. */
const NOTIFY_TIMEOUT_MS = 2_000;

/** What {@link ServiceNotifier} needs. */
export interface ServiceNotifierOptions {
  /** The environment that systemd gave; without NOTIFY_SOCKET nobody is told anything. */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Whose state it is. */
  readonly pid: number;
  /** Microseconds of CLOCK_MONOTONIC. */
  readonly monotonicUsec: () => bigint;
  /** Hears once that systemd could not be told. */
  readonly onFailure: (why: string) => void;
}

/**
 * Tells systemd how the service is: `sd_notify`.
 *
 * Node.js cannot open the datagram socket that it takes, and native code stays out, so systemd's
 * own `systemd-notify` program sends the messages. The unit needs `NotifyAccess=all` for it.
 *
 * @see systemd-notify(1), sd_notify(3)
 */
export class ServiceNotifier {
  readonly #options: ServiceNotifierOptions;
  /** Messages arrive in the order they were sent. */
  #sent: Promise<void> = Promise.resolve();
  #failed = false;
  #isReady = false;

  constructor(options: ServiceNotifierOptions) {
    this.#options = options;
  }

  /**
   * @param status - shown by `systemctl status`
   * @returns when systemd took it, or the time for it is over; never rejects
   */
  ready(status: string): Promise<void> {
    this.#isReady = true;
    return this.#send(["READY=1", `STATUS=${status}`]);
  }

  reloading(): Promise<void> {
    const { monotonicUsec } = this.#options;
    this.#isReady = false;
    return this.#send(["RELOADING=1", `MONOTONIC_USEC=${monotonicUsec()}`, "STATUS=reloading"]);
  }

  stopping(status: string): Promise<void> {
    this.#isReady = false;
    return this.#send(["STOPPING=1", `STATUS=${status}`]);
  }

  /**
   * A sign of life, for `WatchdogSec=`. It says once more that the service is ready: systemd before 246
   * loses messages whose sender has ended when they are read, and would wait for READY until its time-out.
   */
  alive(): Promise<void> {
    return this.#send(this.#isReady ? ["WATCHDOG=1", "READY=1"] : ["WATCHDOG=1"]);
  }

  /** @returns never rejects */
  #send(assignments: readonly string[]): Promise<void> {
    const { environment, pid } = this.#options;
    if ((environment["NOTIFY_SOCKET"] ?? "") === "") return Promise.resolve();
    this.#sent = this.#sent.then(async () => {
      const why = await runSystemdNotify([`--pid=${pid}`, ...assignments], environment);
      if (why === null || this.#failed) return;
      this.#failed = true;
      this.#options.onFailure(why);
    });
    return this.#sent;
  }
}

/** @returns why it failed; null if it did not */
function runSystemdNotify(
  args: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn("systemd-notify", args, {
      env: environment,
      stdio: "ignore",
      timeout: NOTIFY_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    child.once("error", (error) => {
      resolve(messageOf(error));
    });
    child.once("close", (code, signal) => {
      resolve(code === 0 ? null : `systemd-notify ended with ${signal ?? `status ${code ?? ""}`}`);
    });
  });
}
