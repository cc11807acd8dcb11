import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { makeAuthority, type Authority } from "./support/authority.ts";
import { makePasswordFile, passwordMachine, x509Machine } from "./support/backends.ts";
import { Installation } from "./support/installation.ts";
import type { NovaConf } from "./support/nova-conf.ts";
import { differingFraction } from "./support/picture.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { openConsole, viewerPorts } from "./support/viewer-ports.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { openXvp } from "./support/xvp-viewer.ts";
import { XVncServer } from "./support/x-vnc-server.ts";

const TIMEOUT_MS = 60_000;
const limit = { timeout: TIMEOUT_MS };
const PASSWORD = "hunter2x";

describe("the security of VNC servers", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let directory: TempDir;
  let cloud: Authority;
  let stranger: Authority;
  let passwordPath: string;

  before(async () => {
    directory = owned.use(await TempDir.create());
    cloud = await makeAuthority(directory, "cloud");
    stranger = await makeAuthority(directory, "stranger");
    passwordPath = directory.file("password");
    await writeFile(passwordPath, `${PASSWORD}\n`, { mode: 0o600 });
  });
  after(() => owned.disposeAsync());

  /** What nova's documentation tells operators to set. */
  function vencrypt(schemes: string, { caPath }: Authority = cloud): NovaConf {
    return {
      vnc: {
        auth_schemes: schemes,
        vencrypt_ca_certs: caPath,
        vencrypt_client_cert: cloud.clientCertPath,
        vencrypt_client_key: cloud.clientKeyPath,
      },
    };
  }

  describe("with auth_schemes = vencrypt", () => {
    it("lets viewers see a machine that asks for our certificate", limit, async () => {
      await using server = await x509Machine(cloud);
      await using installation = await Installation.running({ conf: vencrypt("vencrypt") });
      await showsOnBothPorts(installation, server);
    });

    it("refuses a server that offers None only", limit, async () => {
      await using server = await XVncServer.tigervnc();
      await using installation = await Installation.running({ conf: vencrypt("vencrypt") });
      await refusedOnBothPorts(
        installation,
        server,
        /does not have: its operator must change that/,
      );
      assert.match(installation.log, /offers None \(1\)/);
    });

    it("refuses a certificate that another authority has signed", limit, async () => {
      await using server = await x509Machine(cloud);
      const conf = vencrypt("vencrypt", stranger);
      await using installation = await Installation.running({ conf });
      await refusedOnBothPorts(installation, server, /./);
      assert.match(installation.log, /certificate/);
    });
  });

  it("refuses a machine's refusal when we have no certificate to show", limit, async () => {
    await using server = await x509Machine(cloud);
    const vnc = { auth_schemes: "vencrypt", vencrypt_ca_certs: cloud.caPath };
    await using installation = await Installation.running({ conf: { vnc } });
    await refusedOnBothPorts(installation, server, /./);
  });

  it("prefers VeNCrypt with auth_schemes = vencrypt,none", limit, async () => {
    await using both = await XVncServer.tigervnc("tcp", [
      ...["-SecurityTypes", "None,X509None"],
      ...["-X509Cert", cloud.serverCertPath, "-X509Key", cloud.serverKeyPath],
    ]);
    await using none = await XVncServer.tigervnc();
    await using installation = await Installation.running({ conf: vencrypt("vencrypt,none") });
    await showsOnBothPorts(installation, both);
    assert.match(both.log, /VeNCrypt\(19\)/);
    assert.doesNotMatch(both.log, /requests security type None/);
    await showsOnBothPorts(installation, none);
  });

  it("takes None with auth_schemes = none,vencrypt", limit, async () => {
    await using both = await XVncServer.tigervnc("tcp", [
      ...["-SecurityTypes", "X509None,None"],
      ...["-X509Cert", cloud.serverCertPath, "-X509Key", cloud.serverKeyPath],
    ]);
    await using installation = await Installation.running({ conf: vencrypt("none,vencrypt") });
    await showsOnBothPorts(installation, both);
    assert.match(both.log, /requests security type None/);
  });

  describe("with backend_password_file", () => {
    for (const [name, start] of [
      ["QEMU", () => passwordMachine(PASSWORD)],
      ["QEMU in TLS", () => passwordMachine(PASSWORD, cloud)],
      ["Xtigervnc", async () => XVncServer.tigervnc("tcp", await tigervncPassword())],
      ["x11vnc", async () => XVncServer.x11vnc(await x11vncPassword())],
    ] as const) {
      it(`lets viewers see ${name} that asks for it`, limit, async () => {
        await using server: VncServer = await start();
        const conf = {
          ...vencrypt("none,vencrypt"),
          console_proxy: { backend_password_file: passwordPath },
        };
        await using installation = await Installation.running({ conf });
        await showsOnBothPorts(installation, server);
        assert.equal(installation.log.includes(PASSWORD), false);
      });
    }

    it("refuses viewers when it is not the server's", limit, async () => {
      await using server = await passwordMachine("another1");
      const conf = { console_proxy: { backend_password_file: passwordPath } };
      await using installation = await Installation.running({ conf });
      await refusedOnBothPorts(
        installation,
        server,
        /does not have: its operator must change that/,
      );
      assert.equal(installation.log.includes(PASSWORD), false);
    });
  });

  it("refuses a server that asks for a password without one", limit, async () => {
    await using server = await passwordMachine(PASSWORD);
    await using installation = await Installation.running();
    await refusedOnBothPorts(installation, server, /does not have: its operator must change that/);
  });

  async function tigervncPassword(): Promise<string[]> {
    const file = await makePasswordFile(directory, PASSWORD);
    return ["-SecurityTypes", "VncAuth", "-PasswordFile", file];
  }

  async function x11vncPassword(): Promise<string[]> {
    return ["-rfbauth", await makePasswordFile(directory, PASSWORD)];
  }
});

async function showsOnBothPorts(installation: Installation, server: VncServer): Promise<void> {
  for (const port of viewerPorts) {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const viewer = await openConsole(port, installation, server.endpoint, signal);
    await until(`${server.name}'s screen on ${port.name}`, async () => {
      return differingFraction(await viewer.picture(), await server.truth()) === 0;
    });
    viewer.channel.destroy();
  }
}

/** @param words - what the browser's viewer is told; a viewer on 6081 is told a status only */
async function refusedOnBothPorts(
  installation: Installation,
  server: VncServer,
  words: RegExp,
): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  for (const port of viewerPorts) {
    if (port.type === "novnc") {
      await assert.rejects(openConsole(port, installation, server.endpoint, signal), {
        name: "RfbRefusedError",
        message: words,
      });
      continue;
    }
    const url = await installation.authorize(server.endpoint, { type: port.type });
    const answer = await openXvp({ method: "CONNECT", url }, signal);
    answer.channel.destroy();
    assert.equal(answer.status, 400);
  }
}
