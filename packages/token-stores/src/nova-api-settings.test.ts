import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Config, loadConfig } from "@nova-console/config";
import { novaApiSettingsOf } from "./nova-api-settings.ts";
import { openTokenAuthority, openTokenStore } from "./open-token-store.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-console-nova-api-"));
after(() => {
  rmSync(directory, { recursive: true });
});

type Texts = Readonly<Record<string, Readonly<Record<string, string>>>>;

const login = {
  auth_url: "https://keystone:5000",
  username: "nova",
  password: "secret",
  project_name: "service",
  user_domain_name: "Default",
  project_domain_id: "default",
};

function configOf(texts: Texts): Config {
  // Not what the machine's own nova.conf says.
  const empty = join(directory, "nova.conf");
  writeFileSync(empty, "");
  const groups = { DEFAULT: { config_file: empty, state_path: directory }, ...texts };
  return loadConfig({
    program: "nova-novncproxy",
    homeDirectory: directory,
    hostName: "host1",
    primaryAddress: "192.0.2.1",
    cores: 4,
    commandLine: Object.entries(groups).flatMap(([group, options]) =>
      Object.entries(options).map(([name, text]) => ({ group, name, text, spelling: name })),
    ),
  }).values;
}

function settingsOf(texts: Texts): ReturnType<typeof novaApiSettingsOf> {
  return novaApiSettingsOf(configOf(texts), { now: Date.now, log });
}

const log = { warn: (): void => undefined };

describe("novaApiSettingsOf()", () => {
  it("takes the options of [keystone_authtoken] until Ocata", () => {
    const user = { admin_user: "nova", admin_password: "secret", admin_tenant_name: "service" };
    for (const [place, authUrl] of [
      [{ identity_uri: "http://keystone:35357", auth_host: "other" }, "http://keystone:35357"],
      [
        { auth_host: "keystone", auth_port: "35358", auth_protocol: "http" },
        "http://keystone:35358",
      ],
      [
        { auth_host: "fd00::1", auth_admin_prefix: "/identity/" },
        "https://[fd00::1]:35357/identity",
      ],
      [{ auth_url: "http://new:5000", auth_host: "old" }, "http://new:5000"],
    ] as const) {
      const settings = settingsOf({ keystone_authtoken: { ...user, ...place } });
      assert.equal(settings.authUrl, authUrl);
      assert.deepEqual(settings.credentials, {
        kind: "password",
        user: { name: "nova", domain: { id: "default" } },
        password: "secret",
        project: { name: "service", domain: { id: "default" } },
      });
    }
  });

  it("takes [keystone_authtoken], and what tokens are said to be of the other groups", () => {
    const { credentials, now, ...others } = settingsOf({
      keystone_authtoken: { ...login, region_name: "one", cafile: "/ca.pem" },
      console_proxy: { connect_timeout: "2.5", nova_api_url: "https://nova/v2.1" },
      consoleauth: { token_ttl: "60" },
      vnc: { novncproxy_base_url: "https://console/vnc_lite.html" },
    });
    assert.equal(now, Date.now);
    assert.deepEqual(credentials, {
      kind: "password",
      user: { name: "nova", domain: { name: "Default" } },
      password: "secret",
      project: { name: "service", domain: { id: "default" } },
    });
    assert.deepEqual(others, {
      group: "keystone_authtoken",
      authUrl: "https://keystone:5000",
      regionName: "one",
      novaApiUrl: "https://nova/v2.1",
      tls: { caFile: "/ca.pem", certFile: null, keyFile: null, insecure: false },
      timeoutMs: 2500,
      accessUrlBase: "https://console/vnc_lite.html",
      tokenTtlSeconds: 60,
      checksPlace: true,
      log,
    });
  });

  it("prefers [service_user] as soon as it has an auth_url", () => {
    const other = { ...login, username: "proxy", auth_type: "v3password" };
    const { group, credentials } = settingsOf({ keystone_authtoken: login, service_user: other });
    assert.equal(group, "service_user");
    assert.equal(
      credentials.kind === "password" && "name" in credentials.user && credentials.user.name,
      "proxy",
    );
  });

  it("takes ids, default domains and older names", () => {
    const { credentials } = settingsOf({
      keystone_authtoken: {
        auth_url: "http://keystone/identity",
        user_name: "nova",
        password: "secret",
        tenant_id: "p1",
        default_domain_id: "default",
      },
    });
    assert.deepEqual(credentials, {
      kind: "password",
      user: { name: "nova", domain: { id: "default" } },
      password: "secret",
      project: { id: "p1" },
    });
  });

  it("takes an application credential by id, or by name and user", () => {
    const secret = { auth_url: "http://keystone", application_credential_secret: "secret" };
    assert.deepEqual(
      settingsOf({ service_user: { ...secret, application_credential_id: "c1" } }).credentials,
      { kind: "application-credential", credential: { id: "c1" }, secret: "secret" },
    );
    const named = { ...secret, application_credential_name: "proxy", user_id: "u1" };
    assert.deepEqual(settingsOf({ service_user: named }).credentials, {
      kind: "application-credential",
      credential: { name: "proxy", user: { id: "u1" } },
      secret: "secret",
    });
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    ["no Keystone", {}, /\[keystone_authtoken\] auth_url must be set/],
    ["no password", { ...login, password: "" }, /\[keystone_authtoken\] password must be set/],
    ["no domain", { ...login, user_domain_name: "" }, /user_domain_name must be set/],
    [
      "another way to log in",
      { ...login, auth_type: "v3oidcpassword" },
      /auth_type is "v3oidcpassword", must be one of password, v3password, v3applicationcredential/,
    ],
    [
      "an application credential without its secret",
      { ...login, auth_type: "v3applicationcredential", application_credential_id: "c1" },
      /application_credential_secret must be set/,
    ],
  ];
  for (const [what, options, message] of refused) {
    it(`makes a setting error of ${what}`, () => {
      assert.throws(() => settingsOf({ keystone_authtoken: options }), {
        code: "SERVICE_ERR_SETTING",
        message,
      });
    });
  }
});

describe("openTokenStore() with token_store = nova_api", () => {
  const nova = { console_proxy: { token_store: "nova_api" } };

  it("opens a store that asks nobody yet", async () => {
    const store = await openTokenStore(configOf({ ...nova, keystone_authtoken: login }), {
      now: Date.now,
    });
    assert.deepEqual(await store.liveDigests(10), []);
    await store.close();
  });

  it("makes a setting error of a file that is not there", async () => {
    const config = configOf({ ...nova, keystone_authtoken: { ...login, cafile: "/none.pem" } });
    await assert.rejects(openTokenStore(config, { now: Date.now }), {
      code: "SERVICE_ERR_SETTING",
      message: "[keystone_authtoken] cafile /none.pem cannot be read",
    });
  });

  it("makes a setting error of a nova-consoleauth", async () => {
    await assert.rejects(openTokenAuthority(configOf(nova), { now: Date.now }), {
      code: "SERVICE_ERR_SETTING",
      message: /token_store is nova_api/,
    });
  });
});
