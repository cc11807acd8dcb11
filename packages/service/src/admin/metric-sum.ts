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

  /** @returns in the text format of Prometheus */
  text(): Promise<string> {
    return AggregatorRegistry.aggregate([this.#gone, ...this.#last.values()]).metrics();
  }
}
