import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { TestBrowser } from "./support/browser.ts";
import { describeLibvirtHost, DOMAIN_NAME } from "./support/libvirt-host.ts";
import { descendants } from "./support/memory.ts";
import { countColours, differingFraction } from "./support/picture.ts";
import { QemuServer } from "./support/qemu.ts";
import { startProgram } from "./support/programs.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { XVncServer } from "./support/x-vnc-server.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 90_000;

describe("nova-console-demo", { timeout: 3 * TIMEOUT_MS }, () => {
  it(
    "shows a screen in both ways that it prints, and leaves nothing",
    { timeout: TIMEOUT_MS },
    async () => {
      await using directory = await TempDir.create();
      await using demo = await startProgram("nova-console-demo", [], { TMPDIR: directory.path });
      const [pageUrl] = await demo.printed(/http:\/\/\S+\/vnc\S*\.html\S*/);
      const [consoleUrl] = await demo.printed(/http:\/\/\S+\/console\?token=\S+/);
      await using browser = await TestBrowser.start();
      await using page = await browser.open(new URL(pageUrl));
      const shown = await until("the page to show the demo's screen", async () => {
        const picture = await page.picture();
        return picture !== null && countColours(picture) >= 4 ? picture : null;
      });

      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { channel } = await openXvp({ method: "CONNECT", url: new URL(consoleUrl) }, signal);
      const viewer = await RfbViewer.open(channel, signal);
      // The clock and the pointer differ from one moment to the next.
      await until("the viewer to show the same", async () => {
        const picture = await page.picture();
        return picture !== null && differingFraction(picture, await viewer.picture()) < 0.02;
      });
      await page.click({ x: shown.width / 2, y: shown.height / 2 });
      const before = await viewer.picture();
      await page.type("typed in the browser");
      await until("the typed text to be seen", async () => {
        return differingFraction(before, await viewer.picture()) > 0.0005;
      });
      channel.destroy();

      const started = await descendants(demo.pid);
      assert.notEqual(started.length, 0);
      const { status } = await demo.stop("SIGINT");
      assert.equal(status, 0);
      for (const pid of started) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
      assert.deepEqual(await readdir(directory.path), []);
      for (const url of [pageUrl, consoleUrl]) {
        await assert.rejects(once(connect(Number(new URL(url).port), "127.0.0.1"), "connect"));
      }
    },
  );

  it("shows a VNC server that is already there", { timeout: TIMEOUT_MS }, async () => {
    await using server = await XVncServer.tigervnc();
    await showsTheTruth(["--backend", `127.0.0.1:${server.endpoint.port}`], server);
  });

  it("shows a libvirt domain", { timeout: TIMEOUT_MS }, async () => {
    await using directory = await TempDir.create();
    await using server = await QemuServer.start();
    const graphics = `<graphics type="vnc" port="${server.endpoint.port}" autoport="no" listen="127.0.0.1"/>`;
    const uri = await describeLibvirtHost(directory.file("host.xml"), graphics);
    await showsTheTruth(["--libvirt", uri, "--domain", DOMAIN_NAME], server);
  });
});

async function showsTheTruth(args: readonly string[], server: VncServer): Promise<void> {
  await using demo = await startProgram("nova-console-demo", args);
  const [consoleUrl] = await demo.printed(/http:\/\/\S+\/console\?token=\S+/);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { channel } = await openXvp({ method: "CONNECT", url: new URL(consoleUrl) }, signal);
  const viewer = await RfbViewer.open(channel, signal);
  await until("the viewer to show the screen", async () => {
    return differingFraction(await viewer.picture(), await server.truth()) === 0;
  });
  channel.destroy();
  assert.equal((await demo.stop("SIGINT")).status, 0);
}
