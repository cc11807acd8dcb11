import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { TestBrowser } from "./support/browser.ts";
import { makeCertificate, type Certificate } from "./support/certificate.ts";
import type { Child } from "./support/child.ts";
import { Desktop } from "./support/desktop.ts";
import { Installation, type Ticket } from "./support/installation.ts";
import { NoVncBridge } from "./support/novnc-bridge.ts";
import { logIn } from "./support/rfb-login.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import {
  startGvncviewer,
  startRemoteViewer,
  startTightvnc,
  startTigervnc,
  takeSnapshot,
  trustInGtkVnc,
} from "./support/stock-viewers.ts";
import { dial } from "./support/tcp.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 60_000;
const limit = { timeout: TIMEOUT_MS };
const WORDS = "token is unknown or expired: open the console again from the dashboard";

describe("a desktop viewer with a token that is no good", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let certificate: Certificate;
  let installation: Installation;
  let backend: ScriptedBackend;
  /** Was good once, for `backend`. */
  let expired: Ticket;

  before(async () => {
    certificate = await makeCertificate(owned.use(await TempDir.create()));
    backend = owned.use(await ScriptedBackend.start({}));
    const DEFAULT = { cert: certificate.certPath, key: certificate.keyPath };
    const console_proxy = { viewer_security: "X509Plain,TLSPlain,Plain,xvp,VncAuth" };
    installation = owned.use(await Installation.create({ conf: { DEFAULT, console_proxy } }));
    await installation.startXvpvncproxy();
    expired = await installation.ticket(backend.endpoint, { ttlSeconds: 1 });
    await until("the token to expire", async () => {
      return (await installation.consoleauth("check", expired.token)).status === 1;
    });
  });
  after(() => owned.disposeAsync());

  for (const way of ["X509Plain", "Plain", "xvp"] as const) {
    it(`is told so by ${way}, and nothing is dialled`, limit, async () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      for (const token of [expired.token, randomUUID()]) {
        const socket = await dial({ host: "127.0.0.1", port: installation.xvpPort });
        const { refusal } = await logIn(socket, { way, token, ca: certificate.ca }, signal);
        assert.equal(refusal, WORDS);
        socket.destroy();
      }
      assert.equal(backend.connections, 0);
    });
  }

  for (const security of ["X509Plain", "TLSPlain", "Plain"] as const) {
    it(`reads so in TigerVNC by ${security}`, limit, async () => {
      await using desktop = await Desktop.create();
      const { xvpPort: port } = installation;
      const { token } = expired;
      const caPath = certificate.certPath;
      const viewer = await startTigervnc(desktop, { port, security, token, caPath });
      await reads(viewer);
      assert.equal(backend.connections, 0);
    });
  }

  it("reads so in gvncviewer and remote-viewer", limit, async () => {
    for (const name of ["gvncviewer", "remote-viewer"] as const) {
      await using desktop = await Desktop.create();
      await trustInGtkVnc(desktop, certificate.certPath);
      const { xvpPort: port } = installation;
      const file =
        `[virt-viewer]\ntype=vnc\nhost=127.0.0.1\nport=${port}\n` +
        `username=someone\npassword=${expired.token}\n`;
      const viewer =
        name === "gvncviewer"
          ? await startGvncviewer(desktop, port, expired.token)
          : await startRemoteViewer(desktop, file);
      await reads(viewer);
    }
    assert.equal(backend.connections, 0);
  });

  it("reads so in TightVNC and vncsnapshot, as far as they know RFB 3.8", limit, async () => {
    const password = expired.viewerPassword ?? "";
    await using desktop = await Desktop.create();
    const viewer = await startTightvnc(desktop, installation.xvpPort, password);
    await viewer.ended;
    assert.match(viewer.stderr + viewer.stdout, new RegExp(WORDS));
    await assert.rejects(takeSnapshot(desktop.home, installation.xvpPort, password));
    assert.equal(backend.connections, 0);
  });

  it("reads so in noVNC behind a bridge", limit, async () => {
    const conf = { console_proxy: { viewer_security: "xvp" } };
    await using other = await Installation.create({ conf });
    await other.startXvpvncproxy();
    await using bridge = await NoVncBridge.start(other.xvpPort);
    await using browser = await TestBrowser.start();
    await using page = await browser.open(bridge.url(expired.token));
    await until("the words", async () => (await page.text()).includes(WORDS));
  });
});

/** Waits until it has printed the words, on as many lines as it likes. */
async function reads(viewer: Child): Promise<void> {
  await viewer.printed(new RegExp(WORDS.replaceAll(" ", String.raw`\s+`)));
}
