import type { Config } from "@nova-console/config";
import { proxySettingsOf, type ProxySettings } from "@nova-console/service";

/** What nova-xvpvncproxy takes from nova.conf: plain values, in milliseconds and bytes. */
export interface XvpVncProxySettings extends ProxySettings {
  readonly host: string;
  readonly port: number;
}

/** Picks the settings of nova-xvpvncproxy. */
export function settingsOf(config: Config): XvpVncProxySettings {
  const { xvpvncproxy_host: host, xvpvncproxy_port: port } = config.vnc;
  return { ...proxySettingsOf(config), host, port };
}
