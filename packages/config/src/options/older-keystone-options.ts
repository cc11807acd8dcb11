import { interpolatedText } from "../interpolate.ts";
import { port } from "../number-types.ts";
import { olderOption, type OlderOption, type OlderOptions, type OptionName } from "../option.ts";
import { string } from "../text-types.ts";

const GROUP = "keystone_authtoken";

/** The name that an option of {@link GROUP} had until Ocata. */
export function olderName(name: string): OptionName {
  return { group: GROUP, name };
}

function text(name: string, byDefault: string): OlderOption {
  return olderOption([olderName(name)], string(), byDefault);
}

/**
 * The options that named Keystone before `auth_url`, with the defaults that they had; `identity_uri` counted before the others.
 *
 * @see keystonemiddleware/auth_token/_auth.py 4.14, AuthTokenPlugin
 */
export const olderKeystoneUrl: OlderOptions = {
  options: {
    identity_uri: text("identity_uri", ""),
    auth_protocol: text("auth_protocol", "https"),
    auth_host: text("auth_host", "127.0.0.1"),
    auth_port: olderOption([olderName("auth_port")], port(), 35_357),
    auth_admin_prefix: text("auth_admin_prefix", ""),
  },
  compose(values) {
    const of = (name: string): string => interpolatedText(values[name] ?? null);
    if (of("identity_uri") !== "") return of("identity_uri");
    const host = of("auth_host");
    const place = `${host.includes(":") ? `[${host}]` : host}:${of("auth_port")}`;
    const prefix = of("auth_admin_prefix").replace(/^\/+|\/+$/g, "");
    return `${of("auth_protocol")}://${place}${prefix === "" ? "" : `/${prefix}`}`;
  },
};

/** A user of that age was in the default domain, which had no name in nova.conf. */
export const olderKeystoneDomain: OlderOptions = {
  options: { admin_user: text("admin_user", "") },
  compose: () => "default",
};
