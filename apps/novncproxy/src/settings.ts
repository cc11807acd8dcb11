import type { Config } from "@nova-console/config";
import { proxySettingsOf, type ProxySettings } from "@nova-console/service";
import { passwordSecretFileOf, type ViewerSettings } from "@nova-console/viewer-files";

/** What nova-novncproxy takes from nova.conf: plain values, in milliseconds and bytes. */
export interface NovncProxySettings extends ProxySettings {
  readonly host: string;
  readonly port: number;
  /** Directory of the page; null for ours. */
  readonly web: string | null;
  /** Host names whose pages may open a console, beside the proxy's own. */
  readonly allowedOrigins: readonly string[];
  /** For the files that open a console in a desktop viewer. */
  readonly viewers: ViewerSettings;
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
    viewers: {
      baseUrl: config.vnc.xvpvncproxy_base_url,
      security: config.console_proxy.viewer_security,
      passwordSecretFile: passwordSecretFileOf(config.console_proxy),
    },
  };
}

/** What an operator should know of options that are accepted and do nothing. */
export function settingsWarnings(config: Config): string[] {
  const { record } = config.DEFAULT;
  return record === null || record === ""
    ? []
    : ["[DEFAULT] record is not supported yet: sessions are not recorded"];
}
