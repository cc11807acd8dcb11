import type { Config } from "@nova-console/config";
import type { ConsoleType } from "@nova-console/token";

/** What minting a token needs of nova.conf. */
export interface ConsoleSettings {
  /** `novncproxy_base_url` and `xvpvncproxy_base_url`. */
  readonly baseUrls: Readonly<Record<ConsoleType, string>>;
  /** `token_ttl`. */
  readonly tokenTtlSeconds: number;
  /** `server_proxyclient_address`: stands for a wildcard in a domain's XML. */
  readonly proxyClientAddress: string;
}

/** Takes the settings out of the configuration. */
export function consoleSettingsOf({ vnc, consoleauth }: Config): ConsoleSettings {
  return {
    baseUrls: { novnc: vnc.novncproxy_base_url, xvpvnc: vnc.xvpvncproxy_base_url },
    tokenTtlSeconds: consoleauth.token_ttl,
    proxyClientAddress: vnc.server_proxyclient_address,
  };
}
