import type { Config } from "@nova-console/config";
import type { ServiceMetrics } from "./service-metrics.ts";

/**
 * Makes what a process counts, if somebody is to see it. The library for it is loaded then only.
 *
 * @param worker - which of the processes it is
 */
export async function createMetrics(
  config: Config,
  worker: number,
): Promise<ServiceMetrics | null> {
  if (config.console_proxy.admin_listen === null) return null;
  const { ServiceMetrics } = await import("./service-metrics.ts");
  return new ServiceMetrics(worker);
}
