import { readinessOf } from "@nova-console/health";
import type { LeftTarget } from "./left-target.ts";
import { metricText } from "./metric-sum.ts";
import type { ServiceMetrics } from "./service-metrics.ts";
import {
  type AdminTarget,
  parseSessionId,
  type ServiceView,
  sessionEntry,
} from "./service-view.ts";

/** The admin's target where one process does it all. */
export function ownTarget(
  view: ServiceView,
  metrics: ServiceMetrics,
  pid: number,
  left: LeftTarget,
): AdminTarget {
  return {
    readiness: async () => readinessOf(await view.check()),
    metrics: async () => metricText([await metrics.snapshot(), ...(await left.metricParts())]),
    sessions: async () => {
      const own = view.list().map((session) => ({
        ...sessionEntry(session, pid, Date.now()),
        left: false,
      }));
      const { sessions, silent_workers } = await left.sessions();
      return { sessions: [...own, ...sessions], silent_workers };
    },
    end: async (id) => {
      const parsed = parseSessionId(id);
      return parsed?.pid === pid ? view.end(parsed.number) : left.end(id);
    },
  };
}
