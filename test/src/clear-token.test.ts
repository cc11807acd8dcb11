import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Capture } from "./support/capture.ts";
import { makeCertificate, type Certificate } from "./support/certificate.ts";
import { Desktop } from "./support/desktop.ts";
import { Installation } from "./support/installation.ts";
import type { NovaConf } from "./support/nova-conf.ts";
import { QemuServer } from "./support/qemu.ts";
import { startTigervnc, startRemoteViewer, trustInGtkVnc } from "./support/stock-viewers.ts";
import { TempDir } from "./support/temp-dir.ts";

const TIMEOUT_MS = 60_000;
const limit = { timeout: TIMEOUT_MS };
const WARNING = /viewer_security lists (.*): viewers that choose it send their token in clear/;

describe("a token in clear on 6081", { timeout: 2 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let certificate: Certificate;
  let qemu: QemuServer;

  before(async () => {
    certificate = await makeCertificate(owned.use(await TempDir.create()));
    qemu = owned.use(await QemuServer.start());
  });
  after(() => owned.disposeAsync());

  async function running(viewerSecurity?: string): Promise<Installation> {
    const conf: NovaConf = {
      DEFAULT: { cert: certificate.certPath, key: certificate.keyPath },
      ...(viewerSecurity === undefined
        ? {}
        : { console_proxy: { viewer_security: viewerSecurity } }),
    };
    const installation = await Installation.create({ conf });
    await installation.startXvpvncproxy();
    return installation;
  }

  /** Has a viewer show its token, and listens in. @returns whether the token was heard */
  async function isHeard(
    installation: Installation,
    show: (desktop: Desktop, token: string) => Promise<unknown>,
  ): Promise<boolean> {
    const { token } = await installation.ticket(qemu.endpoint);
    await using capture = await Capture.start(installation.xvpPort);
    await using desktop = await Desktop.create();
    await show(desktop, token);
    await desktop.shows(qemu);
    const packets = await capture.stop();
    // Enough of it to hold the greeting, or nothing was captured at all.
    assert.ok(packets.includes("RFB 003.008\n"));
    return packets.includes(token);
  }

  it("is not sent by TigerVNC and remote-viewer with a certificate and auto", limit, async () => {
    await using installation = await running();
    const { xvpPort: port } = installation;
    const caPath = certificate.certPath;
    const byTigervnc = await isHeard(installation, (desktop, token) =>
      startTigervnc(desktop, { port, security: "X509Plain", token, caPath }),
    );
    assert.equal(byTigervnc, false);
    const byRemoteViewer = await isHeard(installation, async (desktop, token) => {
      await trustInGtkVnc(desktop, caPath);
      const address = `host=127.0.0.1\nport=${port}\n`;
      const file = `[virt-viewer]\ntype=vnc\n${address}username=someone\npassword=${token}\n`;
      await startRemoteViewer(desktop, file);
    });
    assert.equal(byRemoteViewer, false);
    assert.doesNotMatch(installation.log, WARNING);
  });

  it("is sent by one who may choose Plain, and the log has warned of it", limit, async () => {
    await using installation = await running("X509Plain,Plain,xvp");
    const { xvpPort: port } = installation;
    const byPlain = await isHeard(installation, (desktop, token) =>
      startTigervnc(desktop, { port, security: "Plain", token }),
    );
    assert.equal(byPlain, true);
    assert.equal(WARNING.exec(installation.log)?.at(1), "Plain and xvp");
  });

  it("cannot be had with a certificate and auto from a viewer that wants it", limit, async () => {
    await using installation = await running();
    const { token } = await installation.ticket(qemu.endpoint);
    await using desktop = await Desktop.create();
    const { xvpPort: port } = installation;
    await using capture = await Capture.start(port);
    const viewer = await startTigervnc(desktop, { port, security: "Plain", token });
    await viewer.ended;
    assert.equal((await capture.stop()).includes(token), false);
  });
});
