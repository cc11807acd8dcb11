/**
 * How often systemd wants a sign of life.
 *
 * The variables are removed, so that no child speaks for this process.
 *
 * @param environment - changed
 * @param pid - this process'
 * @returns milliseconds, `WatchdogSec=` of the unit; null if it wants none
 * @see sd_watchdog_enabled(3)
 */
export function takeWatchdogLimit(environment: NodeJS.ProcessEnv, pid: number): number | null {
  const { WATCHDOG_USEC: limit = "", WATCHDOG_PID: whose } = environment;
  delete environment["WATCHDOG_USEC"];
  delete environment["WATCHDOG_PID"];
  if (whose !== undefined && whose !== String(pid)) return null;
  const microseconds = /^\d{1,15}$/.test(limit) ? Number(limit) : 0;
  return microseconds === 0 ? null : microseconds / 1_000;
}

/** Signs of life in the time in which one is wanted. */
const BEATS = 4;

/**
 * Gives a sign of life at a quarter of the interval that is wanted, by a timer: it comes while the
 * event loop turns, and only then. Half would be enough for one that always arrives; ours is sent by
 * another process, which a loaded machine may not let run in its time.
 *
 * @param tell - resolves when it was told; while it does not it is not called again
 */
export function startWatchdog(limitMs: number, tell: () => Promise<void>): void {
  let isTelling = false;
  setInterval(() => {
    if (isTelling) return;
    isTelling = true;
    void tell().finally(() => {
      isTelling = false;
    });
  }, limitMs / BEATS).unref();
}
