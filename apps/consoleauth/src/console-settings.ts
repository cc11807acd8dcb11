import { existsSync } from "node:fs";
import type { Config } from "@nova-console/config";
import { BackendPolicy } from "@nova-console/connector";
import { backendSettingsOf } from "@nova-console/service";
import type { ConsoleType } from "@nova-console/token";
import type { ViewerSettings } from "@nova-console/viewer-files";

/** What minting a token needs of nova.conf. */
export interface ConsoleSettings {
  /** `novncproxy_base_url` and `xvpvncproxy_base_url`. */
  readonly baseUrls: Readonly<Record<ConsoleType, string>>;
  /** `token_ttl`. */
  readonly tokenTtlSeconds: number;
  /** Where tokens may lead: the proxies with the same nova.conf refuse the rest. */
  readonly backendPolicy: BackendPolicy;
  /** `server_proxyclient_address`: stands for a wildcard in a domain's XML. */
  readonly proxyClientAddress: string;
  /** As `openViewerAccess` takes it. */
  readonly viewers: { readonly settings: ViewerSettings; readonly hasCertificate: boolean };
}

/** Takes the settings out of the configuration. */
export function consoleSettingsOf(config: Config): ConsoleSettings {
  const { DEFAULT, console_proxy: own, consoleauth, vnc } = config;
  return {
    baseUrls: { novnc: vnc.novncproxy_base_url, xvpvnc: vnc.xvpvncproxy_base_url },
    tokenTtlSeconds: consoleauth.token_ttl,
    backendPolicy: new BackendPolicy(backendSettingsOf(config)),
    proxyClientAddress: vnc.server_proxyclient_address,
    viewers: {
      settings: {
        baseUrl: vnc.xvpvncproxy_base_url,
        security: own.viewer_security,
        passwordSecretFile: own.viewer_password_secret_file,
      },
      // As the proxies do it: TLS is off where the file is not.
      hasCertificate: existsSync(DEFAULT.cert),
    },
  };
}
