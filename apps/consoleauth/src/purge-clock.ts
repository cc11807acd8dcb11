import type { TokenAuthority } from "@nova-console/token";

/** The part of a log that purging writes to. */
export interface PurgeLog {
  warn(message: string, fields?: object): void;
  debug(message: string, fields?: object): void;
}

/**
 * Removes expired tokens every so often, until it is told to stop.
 *
 * A purge that fails is logged and tried again next time: nothing depends on it but disk space.
 *
 * @returns stops it
 */
export function startPurging(store: TokenAuthority, intervalMs: number, log: PurgeLog): () => void {
  const purge = async (): Promise<void> => {
    try {
      const purged = await store.purge();
      if (purged > 0) log.debug("purged expired tokens", { purged });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn("expired tokens could not be purged", { reason });
    }
  };
  void purge();
  const timer = setInterval(() => void purge(), intervalMs);
  return () => {
    clearInterval(timer);
  };
}
