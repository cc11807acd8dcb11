import type { Config } from "@nova-console/config";
import { SettingError } from "@nova-console/service";
import type {
  KeystoneCredentials,
  KeystoneReference,
  NovaApiSettings,
} from "@nova-console/token-store-nova-api";

type KeystoneGroupName = "service_user" | "keystone_authtoken";
type KeystoneGroup = Config[KeystoneGroupName];

const PASSWORD_TYPES = ["password", "v3password"];
const APPLICATION_CREDENTIAL_TYPE = "v3applicationcredential";

/**
 * What `[console_proxy] token_store = nova_api` needs, of the groups that it is in.
 *
 * @throws {@link SettingError} that names the option that is missing
 */
export function novaApiSettingsOf(
  config: Config,
  { now, log }: Pick<NovaApiSettings, "now" | "log">,
): NovaApiSettings {
  const group =
    valueOf(config.service_user, "auth_url") === null ? "keystone_authtoken" : "service_user";
  const options = config[group];
  const { console_proxy, consoleauth, vnc } = config;
  return {
    group,
    authUrl: required(group, options, "auth_url"),
    credentials: credentialsOf(group, options),
    regionName: valueOf(options, "region_name"),
    novaApiUrl: console_proxy.nova_api_url,
    tls: {
      caFile: valueOf(options, "cafile"),
      certFile: valueOf(options, "certfile"),
      keyFile: valueOf(options, "keyfile"),
      insecure: options.insecure,
    },
    timeoutMs: console_proxy.connect_timeout * 1000,
    accessUrlBase: vnc.novncproxy_base_url,
    tokenTtlSeconds: consoleauth.token_ttl,
    checksPlace: console_proxy.check_port !== "off",
    log,
    now,
  };
}

function credentialsOf(group: KeystoneGroupName, options: KeystoneGroup): KeystoneCredentials {
  const id = valueOf(options, "application_credential_id");
  const name = valueOf(options, "application_credential_name");
  const isPassword = id === null && name === null;
  const type =
    valueOf(options, "auth_type") ?? (isPassword ? "password" : APPLICATION_CREDENTIAL_TYPE);
  if (PASSWORD_TYPES.includes(type)) {
    return {
      kind: "password",
      user: referenceTo("user", group, options),
      password: required(group, options, "password"),
      project: referenceTo("project", group, options),
    };
  }
  if (type !== APPLICATION_CREDENTIAL_TYPE) {
    const allowed = [...PASSWORD_TYPES, APPLICATION_CREDENTIAL_TYPE].join(", ");
    throw new SettingError(
      `[${group}] auth_type is ${JSON.stringify(type)}, must be one of ${allowed} for [console_proxy] token_store = nova_api`,
    );
  }
  return {
    kind: "application-credential",
    credential:
      id !== null || name === null
        ? { id: required(group, options, "application_credential_id") }
        : { name, user: referenceTo("user", group, options) },
    secret: required(group, options, "application_credential_secret"),
  };
}

function referenceTo(
  kind: "user" | "project",
  group: KeystoneGroupName,
  options: KeystoneGroup,
): KeystoneReference {
  const id = valueOf(options, `${kind}_id`);
  if (id !== null) return { id };
  const name = required(group, options, kind === "user" ? "username" : "project_name");
  return { name, domain: domainOf(kind, group, options) };
}

/** The kind's own before the default, whichever way each is written. */
function domainOf(
  kind: "user" | "project",
  group: KeystoneGroupName,
  options: KeystoneGroup,
): { readonly id: string } | { readonly name: string } {
  for (const whose of [kind, "default"] as const) {
    const id = valueOf(options, `${whose}_domain_id`);
    if (id !== null) return { id };
    const name = valueOf(options, `${whose}_domain_name`);
    if (name !== null) return { name };
  }
  throw missing(group, `${kind}_domain_name`);
}

type TextOption = {
  [Name in keyof KeystoneGroup]: KeystoneGroup[Name] extends string | null ? Name : never;
}[keyof KeystoneGroup];

function required(group: KeystoneGroupName, options: KeystoneGroup, name: TextOption): string {
  const value = valueOf(options, name);
  if (value === null) throw missing(group, name);
  return value;
}

/** nova.conf files are full of options with nothing behind the "=". */
function valueOf(options: KeystoneGroup, name: TextOption): string | null {
  return options[name] === "" ? null : options[name];
}

function missing(group: KeystoneGroupName, name: TextOption): SettingError {
  return new SettingError(
    `[${group}] ${name} must be set for [console_proxy] token_store = nova_api`,
  );
}
