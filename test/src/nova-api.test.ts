import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { patterned } from "./support/fill.ts";
import { Installation } from "./support/installation.ts";
import { REGION } from "./support/nova/keystone.ts";
import { keystoneOptions, NovaApi } from "./support/nova/nova-api.ts";
import { mergeNovaConf, type NovaConf } from "./support/nova-conf.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { viewerPorts, type ViewerPort } from "./support/viewer-ports.ts";

const TIMEOUT_MS = 120_000;
const proxyUser = { username: "console-proxy", password: randomUUID() };
const strangerUser = { username: "stranger", password: randomUUID() };

/** What the backend sends before it ends. */
const words = patterned(10_000);

// Keystone, nova's API and nova's code that mints the tokens are all OpenStack's own.
describe("[console_proxy] token_store = nova_api", { timeout: 4 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let nova: NovaApi;
  let backend: ScriptedBackend;

  before(async () => {
    nova = owned.use(await NovaApi.start());
    await nova.keystone.createUser(proxyUser, "admin");
    await nova.keystone.createUser(strangerUser, "member");
    const run = (socket: { write(bytes: Buffer): boolean }): Promise<void> => {
      socket.write(words);
      return Promise.resolve();
    };
    backend = owned.use(await ScriptedBackend.start({ run }));
  });
  after(() => owned.disposeAsync());

  /** Both proxies; nothing but the API can tell them of a token. */
  function running(conf: NovaConf): Promise<Installation> {
    const store: NovaConf = { console_proxy: { token_store: "nova_api" } };
    return Installation.running({ conf: mergeNovaConf(store, conf) });
  }

  async function open(installation: Installation, port: ViewerPort, token: string): Promise<void> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const url =
      port.type === "novnc"
        ? new URL(
            `http://127.0.0.1:${installation.novncPort}/vnc_lite.html?path=%3Ftoken%3D${token}`,
          )
        : new URL(`http://127.0.0.1:${installation.xvpPort}/console?token=${token}`);
    const channel = await port.open(url, signal);
    try {
      const viewer = await RfbViewer.open(channel, signal);
      assert.deepEqual(await viewer.readExact(words.length), words);
    } finally {
      channel.destroy();
    }
  }

  function assertNoSecret(installation: Installation, ...secrets: readonly string[]): void {
    for (const secret of [...secrets, proxyUser.password, strangerUser.password]) {
      assert.ok(!installation.log.includes(secret));
    }
  }

  it(
    "opens consoles on both ports, as a user with a password",
    { timeout: TIMEOUT_MS },
    async () => {
      const service_user = keystoneOptions(nova.keystone, proxyUser);
      await using installation = await running({ service_user });
      const token = await nova.authorize(backend.endpoint);
      for (const port of viewerPorts) await open(installation, port, token);
      assertNoSecret(installation, token);
    },
  );

  it("opens consoles with an application credential", { timeout: TIMEOUT_MS }, async () => {
    const { id, secret } = await nova.keystone.createApplicationCredential(proxyUser);
    await using installation = await running({
      keystone_authtoken: {
        auth_type: "v3applicationcredential",
        // As clouds write it, without the version.
        auth_url: nova.keystone.url.replace("/v3", ""),
        application_credential_id: id,
        application_credential_secret: secret,
        region_name: REGION,
      },
    });
    const token = await nova.authorize(backend.endpoint);
    for (const port of viewerPorts) await open(installation, port, token);
    assertNoSecret(installation, token, secret);
  });

  it("refuses unknown and expired tokens", { timeout: TIMEOUT_MS }, async () => {
    const keystone_authtoken = keystoneOptions(nova.keystone, proxyUser);
    // Keystone is asked for no catalogue then.
    const console_proxy = { nova_api_url: nova.url };
    await using installation = await running({ keystone_authtoken, console_proxy });
    const expiring = await nova.authorize(backend.endpoint, 1);
    const [port] = viewerPorts;
    assert.ok(port);
    await until("the token to expire", async () => {
      const error = await open(installation, port, expiring).then(
        () => null,
        (error: unknown) => error,
      );
      return error instanceof Error && /unknown or expired/.test(error.message);
    });
    await assert.rejects(open(installation, port, randomUUID()), /unknown or expired/);
    await until("the refusal to be logged", () =>
      /session closed .*reason=token-invalid/.test(installation.log),
    );
    assertNoSecret(installation, expiring);
  });

  it("goes on when Keystone has forgotten its tokens", { timeout: TIMEOUT_MS }, async () => {
    const service_user = keystoneOptions(nova.keystone, proxyUser);
    await using installation = await running({ service_user });
    const token = await nova.authorize(backend.endpoint);
    for (const port of viewerPorts) await open(installation, port, token);
    await nova.keystone.forgetTokens();
    for (const port of viewerPorts) await open(installation, port, token);
  });

  it(
    "refuses a token whose instance is on another compute host now",
    { timeout: TIMEOUT_MS },
    async () => {
      const service_user = keystoneOptions(nova.keystone, proxyUser);
      await using installation = await running({ service_user });
      const { compute } = nova;
      // The address that the tokens lead to is compute1's, where the instances are made.
      await compute.enterHost("compute1", "127.0.0.1");
      await compute.enterHost("compute2", "192.0.2.8");
      const token = await nova.authorize(backend.endpoint);
      await compute.mapInstance(token);
      for (const port of viewerPorts) await open(installation, port, token);
      // As after a cold migration: nova leaves the token as it was.
      await compute.move(token, "compute2");
      for (const port of viewerPorts) await assert.rejects(open(installation, port, token));
      const reason = `reason=token-invalid detail="its instance is on compute2 now, and the token leads to compute1"`;
      await until("both refusals to be logged", () => {
        return installation.log.split(reason).length - 1 === viewerPorts.length;
      });
      await compute.move(token, "compute1");
      for (const port of viewerPorts) await open(installation, port, token);
      await compute.move(token, null);
      const [port] = viewerPorts;
      assert.ok(port);
      await assert.rejects(open(installation, port, token), /unknown or expired/);
      assert.doesNotMatch(installation.log, /does not tell where instances are/);
      assertNoSecret(installation, token);
    },
  );

  it("says which role is missing", { timeout: TIMEOUT_MS }, async () => {
    const service_user = keystoneOptions(nova.keystone, strangerUser);
    await using installation = await running({ service_user });
    const token = await nova.authorize(backend.endpoint);
    const [port] = viewerPorts;
    assert.ok(port);
    await assert.rejects(open(installation, port, token), /cannot be checked at the moment/);
    await until("the reason to be logged", () =>
      /reason=token-store-unavailable .*\[service_user\].*os_compute_api:os-console-auth-tokens/.test(
        installation.log,
      ),
    );
    assertNoSecret(installation, token);
  });
});
