import { readinessOf } from "@nova-console/health";
import type { ServiceView } from "./admin/service-view.ts";
import { messageOf } from "./errors.ts";
import type { Logger } from "./logger.ts";

/**
 * Writes a warning for each store, cell and broker that a service has just started without: it serves, and
 * refuses consoles until that is back.
 *
 * @returns when they were asked; never rejects
 */
export async function warnOfMissing(
  check: ServiceView["check"],
  log: Pick<Logger, "warn">,
): Promise<void> {
  try {
    const { isReady, missing } = readinessOf(await check());
    const effect = isReady ? "some consoles may not open" : "no console opens until then";
    for (const what of missing) log.warn(`started without ${what}`, { effect });
  } catch (error) {
    log.warn("it is not known whether consoles can be opened", { why: messageOf(error) });
  }
}
