import { open } from "node:fs/promises";
import { codeOf } from "./errors.ts";
import type { Logger } from "./logger.ts";

/** How often a descriptor is asked for. */
const INTERVAL_MS = 5_000;
/** How often the log says that there is none. */
const REPEAT_MS = 60_000;

const WORDS: Readonly<Record<string, string>> = {
  EMFILE:
    "no file descriptor is left in this process (EMFILE): new viewers are turned away. Raise LimitNOFILE= of " +
    "the unit, or [console_proxy] workers; a console needs two",
  ENFILE:
    "no file descriptor is left on this host (ENFILE): new viewers are turned away. Raise fs.file-max (sysctl)",
};

/**
 * Says in the log when the process has no file descriptor left. Node does not: libuv closes the connections
 * that it can give none to. It watches for as long as the process lives, and does not keep it alive.
 */
export function watchDescriptors(log: Pick<Logger, "error">): void {
  let toldMs = -Infinity;
  const ask = async (): Promise<void> => {
    try {
      await (await open("/dev/null")).close();
    } catch (error) {
      const words = WORDS[codeOf(error)];
      if (words === undefined || performance.now() - toldMs < REPEAT_MS) return;
      toldMs = performance.now();
      log.error(words);
    }
  };
  setInterval(() => void ask(), INTERVAL_MS).unref();
}
