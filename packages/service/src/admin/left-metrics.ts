import type { LeftReport } from "../left/left-report.ts";
import type { SeenWorker } from "../left/left-workers.ts";
import { MetricSum } from "./metric-sum.ts";
import type { MetricSnapshot } from "./service-metrics.ts";

/** Value of the label `worker` for all left workers together: each restart would bring new ones. */
const LEFT = "left";
const SESSIONS = "nova_console_sessions";
/** Not added up over processes. */
const PER_PROCESS = new Set(["nova_console_event_loop_lag_seconds"]);

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly MetricValue[];
}

interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/**
 * The metrics of left workers, as part of a program's own.
 *
 * Counters begin at 0 with each start of a program, so they have only what left workers counted since then: what
 * they had counted before was part of the earlier program's.
 */
export class LeftMetrics {
  readonly #sum = new MetricSum();

  /** @returns to be added up with the program's own */
  parts(workers: readonly SeenWorker[]): readonly MetricSnapshot[] {
    const live = new Set(workers.map(({ pid }) => pid));
    for (const pid of this.#sum.processes) if (!live.has(pid)) this.#sum.forget(pid);
    for (const { pid, report, firstReport } of workers) {
      if (report === null || firstReport === null) continue;
      this.#sum.take(pid, since(ofLeft(report), ofLeft(firstReport)));
    }
    return [...this.#sum.parts(), [leftWorkers(workers)]];
  }
}

function leftWorkers(workers: readonly SeenWorker[]): Metric & { readonly help: string } {
  const silent = workers.filter(({ isSilent }) => isSilent).length;
  return {
    name: "nova_console_left_workers",
    help: "Workers that earlier starts left with open consoles: those that answer, and those that do not",
    ...{ type: "gauge", aggregator: "sum" },
    values: [
      { labels: { state: "answering" }, value: workers.length - silent },
      { labels: { state: "silent" }, value: silent },
    ],
  };
}

function ofLeft({ metrics, sessions }: LeftReport): readonly Metric[] {
  const summed = (metrics as readonly Metric[])
    .filter(({ name, aggregator }) => aggregator === "sum" && !PER_PROCESS.has(name))
    .map((metric) => ({ ...metric, values: metric.values.map(relabel) }));
  if (summed.some(({ name }) => name === SESSIONS)) return summed;
  // It was started without an admin address, and counts nothing.
  const open = sessions.filter(({ state }) => state === "open").length;
  const values = [
    { labels: { state: "open" }, value: open },
    { labels: { state: "opening" }, value: sessions.length - open },
  ];
  return [...summed, { name: SESSIONS, type: "gauge", aggregator: "sum", values }];
}

function relabel(value: MetricValue): MetricValue {
  return "worker" in value.labels ? { ...value, labels: { ...value.labels, worker: LEFT } } : value;
}

/** Subtracts what counters and histograms had at first. */
function since(metrics: readonly Metric[], first: readonly Metric[]): readonly Metric[] {
  const before = new Map(
    first.flatMap((metric) => metric.values.map((each) => [keyOf(metric, each), each.value])),
  );
  return metrics.map((metric) => {
    if (metric.type === "gauge") return metric;
    const values = metric.values.map((each) => {
      return { ...each, value: each.value - (before.get(keyOf(metric, each)) ?? 0) };
    });
    return { ...metric, values };
  });
}

function keyOf({ name }: Metric, { metricName, labels }: MetricValue): string {
  return JSON.stringify([metricName ?? name, Object.entries(labels).toSorted()]);
}
