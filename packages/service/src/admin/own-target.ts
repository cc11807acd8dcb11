import { readinessOf } from "@nova-console/health";
import { MetricSum } from "./metric-sum.ts";
import type { ServiceMetrics } from "./service-metrics.ts";
import {
  type AdminTarget,
  parseSessionId,
  type ServiceView,
  sessionEntry,
} from "./service-view.ts";

/** The admin's target where one process does it all. */
export function ownTarget(view: ServiceView, metrics: ServiceMetrics, pid: number): AdminTarget {
  return {
    readiness: async () => readinessOf(await view.check()),
    metrics: async () => {
      const sum = new MetricSum();
      sum.take(pid, await metrics.snapshot());
      return sum.text();
    },
    sessions: () =>
      Promise.resolve(view.list().map((session) => sessionEntry(session, pid, Date.now()))),
    end: (id) => {
      const parsed = parseSessionId(id);
      return Promise.resolve(parsed?.pid === pid && view.end(parsed.number));
    },
  };
}
