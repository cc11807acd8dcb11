import type { Config } from "@nova-console/config";
import { proxySettingsOf, type ProxySettings } from "@nova-console/service";

/** What nova-novncproxy takes from nova.conf: plain values, in milliseconds and bytes. */
export interface NovncProxySettings extends ProxySettings {
  readonly host: string;
  readonly port: number;
  /** Directory of the page; null for ours. */
  readonly web: string | null;
  /** Host names whose pages may open a console, beside the proxy's own. */
  readonly allowedOrigins: readonly string[];
}

/** Picks the settings of nova-novncproxy. */
export function settingsOf(config: Config): NovncProxySettings {
  const { web } = config.DEFAULT;
  return {
    ...proxySettingsOf(config),
    host: config.vnc.novncproxy_host,
    port: config.vnc.novncproxy_port,
    web: web === "" ? null : web,
    allowedOrigins: config.console.allowed_origins,
  };
}

/** What an operator should know of options that are accepted and do nothing. */
export function settingsWarnings(config: Config): string[] {
  const { record } = config.DEFAULT;
  return record === null || record === ""
    ? []
    : ["[DEFAULT] record is not supported yet: sessions are not recorded"];
}
