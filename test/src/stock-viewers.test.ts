import assert from "node:assert/strict";
import { access, mkdir, symlink } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { makeAuthority, type Authority } from "./support/authority.ts";
import { x509Machine } from "./support/backends.ts";
import { TestBrowser } from "./support/browser.ts";
import { BurstyNetwork } from "./support/bursty-network.ts";
import { makeCertificate, type Certificate } from "./support/certificate.ts";
import { Desktop } from "./support/desktop.ts";
import { Installation } from "./support/installation.ts";
import type { NovaConf } from "./support/nova-conf.ts";
import { NoVncBridge } from "./support/novnc-bridge.ts";
import { differingFraction } from "./support/picture.ts";
import { QemuServer } from "./support/qemu.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import {
  startGvncviewer,
  startRemoteViewer,
  startTightvnc,
  startTigervnc,
  takeSnapshot,
  trustInGtkVnc,
} from "./support/stock-viewers.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { openXvp } from "./support/xvp-viewer.ts";
import { XVncServer } from "./support/x-vnc-server.ts";

const TIMEOUT_MS = 60_000;
const limit = { timeout: TIMEOUT_MS };

describe("desktop viewers on 6081", { timeout: 4 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let certificate: Certificate;
  /** Has a certificate, and takes every way in. */
  let everyWay: Installation;
  /** Has a certificate, and is as it comes. */
  let secured: Installation;
  /** Has no certificate, and is as it comes. */
  let plain: Installation;
  let tigervnc: VncServer;
  let x11vnc: VncServer;
  /** Wants TLS and a certificate of its viewers. */
  let strictQemu: VncServer;
  let qemu: VncServer;

  before(async () => {
    const directory = owned.use(await TempDir.create());
    certificate = await makeCertificate(directory);
    const cloud = await makeAuthority(directory, "cloud");
    const DEFAULT = { cert: certificate.certPath, key: certificate.keyPath };
    const vnc = backendSecurity(cloud);
    const console_proxy = { viewer_security: "X509Plain,TLSPlain,Plain,xvp,VncAuth" };
    [everyWay, secured, plain] = await Promise.all([
      running({ DEFAULT, vnc, console_proxy }),
      running({ DEFAULT }, "https"),
      running({ vnc }),
    ]);
    [tigervnc, x11vnc, strictQemu, qemu] = await Promise.all([
      XVncServer.tigervnc(),
      XVncServer.x11vnc(),
      x509Machine(cloud),
      QemuServer.start(),
    ]);
    for (const each of [everyWay, secured, plain, tigervnc, x11vnc, strictQemu, qemu]) {
      owned.use(each);
    }
  });
  after(() => owned.disposeAsync());

  for (const security of ["X509Plain", "TLSPlain", "Plain"] as const) {
    for (const name of ["Xtigervnc", "QEMU in TLS"] as const) {
      it(`TigerVNC shows ${name}'s screen by ${security}`, limit, async () => {
        const server = name === "Xtigervnc" ? tigervnc : strictQemu;
        await using desktop = await Desktop.create();
        const { token } = await everyWay.ticket(server.endpoint);
        const caPath = certificate.certPath;
        await startTigervnc(desktop, { port: everyWay.xvpPort, security, token, caPath });
        await desktop.shows(server);
      });
    }
  }

  for (const security of ["X509Plain", "TLSPlain"] as const) {
    // TigerVNC leaves SecurityResult unread that comes together with a session ticket of TLS 1.3.
    it(
      `TigerVNC shows a screen by ${security} over a network that delivers in bursts`,
      limit,
      async () => {
        await using network = await BurstyNetwork.start(everyWay.xvpPort);
        await using desktop = await Desktop.create();
        const { token } = await everyWay.ticket(tigervnc.endpoint);
        const caPath = certificate.certPath;
        await startTigervnc(desktop, { port: network.port, security, token, caPath });
        await desktop.shows(tigervnc);
      },
    );
  }

  for (const name of ["with a certificate", "without a certificate"] as const) {
    it(`TigerVNC follows the line that authorize prints, ${name}`, limit, async () => {
      const installation = name === "with a certificate" ? secured : plain;
      await using desktop = await Desktop.create();
      const { command } = await installation.ticket(qemu.endpoint);
      assert.ok(command !== null);
      // Other packages have a vncviewer too; and its home is where TigerVNC looks for authorities.
      await symlink("/usr/bin/xtigervncviewer", desktop.home.file("vncviewer"));
      await mkdir(desktop.home.file(".vnc"));
      await symlink(certificate.certPath, desktop.home.file(".vnc/x509_ca.pem"));
      await desktop.start("sh", ["-c", command], {
        PATH: `${desktop.home.path}:${process.env["PATH"] ?? ""}`,
      });
      await desktop.shows(qemu);
    });
  }

  it("gvncviewer shows QEMU's screen by X509Plain", limit, async () => {
    await using desktop = await Desktop.create();
    await trustInGtkVnc(desktop, certificate.certPath);
    const { token } = await secured.ticket(qemu.endpoint);
    const viewer = await startGvncviewer(desktop, secured.xvpPort, token);
    await desktop.shows(qemu);
    assert.match(viewer.stderr + viewer.stdout, /do subauth 262/);
  });

  for (const port of ["6080", "6081"] as const) {
    it(
      `remote-viewer shows QEMU's screen with the file of ${port} by X509Plain`,
      limit,
      async () => {
        await using desktop = await Desktop.create();
        await trustInGtkVnc(desktop, certificate.certPath);
        const file = await viewerFile(secured, port, qemu);
        const viewer = await startRemoteViewer(desktop, file);
        await desktop.shows(qemu);
        assert.match(viewer.stderr + viewer.stdout, /do subauth 262/);
        await assert.rejects(access(desktop.home.file("console.vv")), { code: "ENOENT" });
      },
    );
  }

  it("remote-viewer shows QEMU's screen by TLSPlain without a certificate", limit, async () => {
    await using desktop = await Desktop.create();
    const viewer = await startRemoteViewer(desktop, await viewerFile(plain, "6081", strictQemu));
    await desktop.shows(strictQemu);
    assert.match(viewer.stderr + viewer.stdout, /do subauth 259/);
  });

  for (const name of ["x11vnc", "QEMU in TLS"] as const) {
    it(`TightVNC and vncsnapshot show ${name}'s screen by 8 characters`, limit, async () => {
      const server = name === "x11vnc" ? x11vnc : strictQemu;
      const { viewerPassword } = await plain.ticket(server.endpoint);
      assert.match(viewerPassword ?? "", /^\w{8}$/);
      await using desktop = await Desktop.create();
      await startTightvnc(desktop, plain.xvpPort, viewerPassword ?? "");
      await desktop.shows(server);
      const snapshot = await takeSnapshot(desktop.home, plain.xvpPort, viewerPassword ?? "");
      assert.ok(differingFraction(snapshot, await server.truth()) < 0.01);
    });
  }

  it("noVNC behind websockify shows QEMU's screen by security type xvp", limit, async () => {
    await using browser = await TestBrowser.start();
    const conf = { console_proxy: { viewer_security: "xvp" } };
    await using installation = await running(conf);
    await using bridge = await NoVncBridge.start(installation.xvpPort);
    const { token } = await installation.ticket(qemu.endpoint);
    await using page = await browser.open(bridge.url(token));
    await until("noVNC to show the screen", async () => {
      const picture = await page.picture();
      return picture !== null && differingFraction(picture, await qemu.truth()) <= 0.01;
    });
  });

  it("the XVP handshake shows all of these, plain and in TLS", limit, async () => {
    for (const server of [tigervnc, x11vnc, strictQemu, qemu]) {
      const accessUrl = await everyWay.authorize(server.endpoint, { type: "xvpvnc" });
      for (const scheme of ["http:", "https:"]) {
        const url = new URL(accessUrl.href.replace(/^\w+:/, scheme));
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const request = { method: "CONNECT", url, ca: certificate.ca } as const;
        const viewer = await RfbViewer.open((await openXvp(request, signal)).channel, signal);
        await until(`${server.name}'s screen over ${scheme}`, async () => {
          return differingFraction(await viewer.picture(), await server.truth()) === 0;
        });
        viewer.channel.destroy();
      }
    }
  });
});

/** What a nova whose machines are in TLS has, and which takes the other ones too. */
function backendSecurity(cloud: Authority): NovaConf[string] {
  return {
    auth_schemes: "vencrypt,none",
    vencrypt_ca_certs: cloud.caPath,
    vencrypt_client_cert: cloud.clientCertPath,
    vencrypt_client_key: cloud.clientKeyPath,
  };
}

async function running(conf: NovaConf, scheme: "http" | "https" = "http"): Promise<Installation> {
  return Installation.running({ conf, scheme });
}

/** Downloads console.vv, as a browser does from the page. */
async function viewerFile(
  installation: Installation,
  port: "6080" | "6081",
  server: VncServer,
): Promise<string> {
  const { token } = await installation.ticket(server.endpoint);
  const number = port === "6080" ? installation.novncPort : installation.xvpPort;
  const answer = await fetch(`http://127.0.0.1:${number}/console.vv?token=${token}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/x-virt-viewer");
  return answer.text();
}
