import type { LeftWorkers } from "../left/left-workers.ts";
import type { Logger } from "../logger.ts";
import type { Started } from "../prepare-service.ts";
import type { RunningService } from "../program-spec.ts";
import type { LeftTarget } from "./left-target.ts";
import { type AdminTarget, notReady } from "./service-view.ts";

/**
 * Starts a service beside its admin address, which answers from before the start until after the
 * stop.
 *
 * @param address - `[console_proxy] admin_listen`; null: there is none
 * @param left - workers of earlier programs, which it shows from the beginning
 * @param start - gets the target for those, to be part of its own
 * @throws {@link AddressError} if it cannot be listened on; what `start` throws
 */
export async function withAdmin(
  address: string | null,
  log: Logger,
  left: LeftWorkers | null,
  start: (left: LeftTarget | null) => Promise<Started>,
): Promise<RunningService> {
  if (address === null || left === null) return (await start(null)).running;
  const [{ AdminServer }, { LeftTarget }] = await Promise.all([
    import("./admin-server.ts"),
    import("./left-target.ts"),
  ]);
  const leftTarget = new LeftTarget(left);
  let target: AdminTarget = leftTarget;
  const admin = await AdminServer.start(address, () => target, log);
  let started: Started;
  try {
    started = await start(leftTarget);
  } catch (error) {
    await admin.stop();
    throw error;
  }
  const { running } = started;
  target = started.target ?? leftTarget;
  return {
    describe: `${running.describe}, admin on ${admin.address}`,
    reload: (config) => running.reload?.(config) ?? Promise.resolve(),
    ...(running.stopping === undefined ? {} : { stopping: running.stopping }),
    ...(running.done === undefined ? {} : { done: running.done }),
    stop: async () => {
      target = draining(target);
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
