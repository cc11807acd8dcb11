import type { Config } from "@nova-console/config";
import {
  asWorker,
  proxySettingsOf,
  type ProxySettings,
  type WorkerPlace,
} from "@nova-console/service";
import { passwordSecretFileOf } from "@nova-console/viewer-files";

/** What nova-xvpvncproxy takes from nova.conf: plain values, in milliseconds and bytes. */
export interface XvpVncProxySettings extends ProxySettings {
  readonly host: string;
  readonly port: number;
  /** Silence after which a client is taken for a stock viewer. */
  readonly firstWordTimeoutMs: number;
  /** From the choice of a security type to the token that a stock viewer shows. */
  readonly credentialTimeoutMs: number;
  /** Most stock viewers in that time, in this process. */
  readonly maxWaitingForCredential: number;
  /** As the operator wrote it, `auto` included. */
  readonly viewerSecurity: Config["console_proxy"]["viewer_security"];
  /** null where no password is found: VncAuth is not offered then. */
  readonly viewerPasswordSecretFile: string | null;
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
    credentialTimeoutMs: Math.round(own.credential_timeout * 1000),
    maxWaitingForCredential: own.max_waiting_for_credential,
    viewerSecurity: own.viewer_security,
    baseUrl: config.vnc.xvpvncproxy_base_url,
    viewerPasswordSecretFile: passwordSecretFileOf(own),
  };
}

/** Picks the settings of one worker: the port that it shares, and its share of what all may have. */
export function workerSettingsOf(config: Config, place: WorkerPlace | null): XvpVncProxySettings {
  const settings = asWorker(settingsOf(config), place);
  const waiting = Math.ceil(settings.maxWaitingForCredential / (place?.workers ?? 1));
  return { ...settings, maxWaitingForCredential: waiting };
}
