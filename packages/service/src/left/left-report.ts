import type { MetricSnapshot } from "../admin/service-metrics.ts";
import type { SessionEntry } from "../admin/service-view.ts";

/** What a left worker says of itself. */
export interface LeftReport {
  readonly sessions: readonly SessionEntry[];
  /** Empty if it started without an admin address. */
  readonly metrics: MetricSnapshot;
}

/**
 * Parses the report of a left worker, which may be of another version: what is not of the known form is left out.
 *
 * @throws SyntaxError if the text is no JSON
 */
export function parseLeftReport(text: string): LeftReport {
  const report: unknown = JSON.parse(text);
  const { sessions, metrics } = (isObject(report) ? report : {}) as Record<string, unknown>;
  return {
    sessions: listOf(sessions).filter(isSession),
    metrics: listOf(metrics).filter(isMetric),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isSession(value: unknown): value is SessionEntry {
  return isObject(value) && "id" in value && "state" in value;
}

function isMetric(value: unknown): value is object {
  if (!isObject(value) || !("name" in value) || !("values" in value)) return false;
  return typeof value.name === "string" && Array.isArray(value.values);
}
