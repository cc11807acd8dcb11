import type { Logger } from "../logger.ts";
import type { Started } from "../prepare-service.ts";
import type { RunningService } from "../program-spec.ts";
import { type AdminTarget, notReady } from "./service-view.ts";

/**
 * Starts a service beside its admin address, which answers from before the start until after the
 * stop.
 *
 * @param address - `[console_proxy] admin_listen`; null: there is none
 * @throws {@link AddressError} if it cannot be listened on; what `start` throws
 */
export async function withAdmin(
  address: string | null,
  log: Logger,
  start: () => Promise<Started>,
): Promise<RunningService> {
  if (address === null) return (await start()).running;
  const { AdminServer } = await import("./admin-server.ts");
  let target: AdminTarget | null = null;
  const admin = await AdminServer.start(address, () => target, log);
  let started: Started;
  try {
    started = await start();
  } catch (error) {
    await admin.stop();
    throw error;
  }
  const { running } = started;
  target = started.target;
  return {
    describe: `${running.describe}, admin on ${admin.address}`,
    reload: (config) => running.reload?.(config) ?? Promise.resolve(),
    ...(running.stopping === undefined ? {} : { stopping: running.stopping }),
    ...(running.done === undefined ? {} : { done: running.done }),
    stop: async () => {
      if (target !== null) target = draining(target);
      try {
        await running.stop();
      } finally {
        await admin.stop();
      }
    },
  };
}

/** The same, but that no console can be opened. */
function draining(target: AdminTarget): AdminTarget {
  return {
    readiness: () =>
      Promise.resolve(notReady("it is stopping: open consoles may end, new ones are refused")),
    metrics: () => target.metrics(),
    sessions: () => target.sessions(),
    end: (id) => target.end(id),
  };
}
