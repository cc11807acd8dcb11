import { AggregatorRegistry } from "prom-client";
import type { MetricSnapshot } from "./service-metrics.ts";

/**
 * Adds up the metrics of several processes, those of processes that are gone included: a counter
 * never goes back.
 */
export class MetricSum {
  /** What each living process said last. */
  readonly #last = new Map<number, MetricSnapshot>();
  /** The counters of those that are gone. */
  #gone: MetricSnapshot = [];

  /** @param process - whose metrics they are: never the same for two processes */
  take(process: number, snapshot: MetricSnapshot): void {
    this.#last.set(process, snapshot);
  }

  /** It is gone: what it has counted stays, what it had is no more. */
  forget(process: number): void {
    const last = this.#last.get(process);
    if (last === undefined) return;
    this.#last.delete(process);
    const counters = last.filter((metric) => !("type" in metric) || metric.type !== "gauge");
    this.#gone = AggregatorRegistry.aggregate([this.#gone, counters]).getMetricsAsArray();
  }

  /** The processes that it has metrics of. */
  get processes(): readonly number[] {
    return [...this.#last.keys()];
  }

  /** What there is to be added up. */
  parts(): readonly MetricSnapshot[] {
    return [this.#gone, ...this.#last.values()];
  }
}

/** @returns the sum in the text format of Prometheus */
export function metricText(parts: readonly MetricSnapshot[]): Promise<string> {
  // The library's type wants a list that it may change; it does not.
  return AggregatorRegistry.aggregate([...parts] as object[]).metrics();
}
