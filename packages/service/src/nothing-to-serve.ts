import type { LoadedConfig } from "@nova-console/config";

/**
 * Decides whether a proxy has anything to do. `[DEFAULT] vnc_enabled = false` ends it, as the guides of that option's age say.
 * Under its name of today, `[vnc] enabled`, nova's proxies ignore the option, and so do ours.
 *
 * @returns why there is nothing to do; null otherwise
 */
export function nothingToServe({ values, givenNames }: LoadedConfig): string | null {
  const isOldName = givenNames["vnc.enabled"]?.group === "DEFAULT";
  return isOldName && !values.vnc.enabled ? "[DEFAULT] vnc_enabled is false: nothing to do" : null;
}
