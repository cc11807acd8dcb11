import type { Config } from "@nova-console/config";
import { proxySettingsOf, type ProxySettings } from "@nova-console/service";

/** What nova-xvpvncproxy takes from nova.conf: plain values, in milliseconds and bytes. */
export interface XvpVncProxySettings extends ProxySettings {
  readonly host: string;
  readonly port: number;
  /** Silence after which a client is taken for a stock viewer. */
  readonly firstWordTimeoutMs: number;
  /** As the operator wrote it, `auto` included. */
  readonly viewerSecurity: Config["console_proxy"]["viewer_security"];
  readonly viewerPasswordSecretFile: string;
  /** Where viewers reach this proxy; connection files lead there. */
  readonly baseUrl: string;
}

/** Picks the settings of nova-xvpvncproxy. */
export function settingsOf(config: Config): XvpVncProxySettings {
  const { xvpvncproxy_host: host, xvpvncproxy_port: port } = config.vnc;
  const own = config.console_proxy;
  return {
    ...proxySettingsOf(config),
    host,
    port,
    firstWordTimeoutMs: own.first_word_timeout_ms,
    viewerSecurity: own.viewer_security,
    baseUrl: config.vnc.xvpvncproxy_base_url,
    viewerPasswordSecretFile: own.viewer_password_secret_file,
  };
}
