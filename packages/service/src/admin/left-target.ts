import type { Readiness } from "@nova-console/health";
import type { LeftWorkers } from "../left/left-workers.ts";
import { LeftMetrics } from "./left-metrics.ts";
import { metricText } from "./metric-sum.ts";
import type { MetricSnapshot } from "./service-metrics.ts";
import { type AdminTarget, notReady, parseSessionId, type SessionList } from "./service-view.ts";

/** The admin's target while a program starts: the consoles that earlier ones left are there already. */
export class LeftTarget implements AdminTarget {
  readonly #workers: LeftWorkers;
  readonly #metrics = new LeftMetrics();

  constructor(workers: LeftWorkers) {
    this.#workers = workers;
    // Counters are told from here on. It also finds out who hangs, before somebody waits for that.
    void this.metricParts();
  }

  readiness(): Promise<Readiness> {
    return Promise.resolve(notReady("it is starting"));
  }

  async metrics(): Promise<string> {
    return metricText(await this.metricParts());
  }

  /** As {@link LeftMetrics.parts}. */
  async metricParts(): Promise<readonly MetricSnapshot[]> {
    return this.#metrics.parts(await this.#workers.look());
  }

  async sessions(): Promise<SessionList> {
    const workers = await this.#workers.look();
    return {
      sessions: workers.flatMap(({ report }) => {
        return (report?.sessions ?? []).map((session) => ({ ...session, left: true }));
      }),
      silent_workers: workers.flatMap(({ pid, isSilent }) => (isSilent ? [pid] : [])),
    };
  }

  async end(id: string): Promise<boolean> {
    const parsed = parseSessionId(id);
    return parsed !== null && (await this.#workers.end(parsed.pid, parsed.number));
  }
}
