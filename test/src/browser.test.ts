import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { TestBrowser, type ConsolePage } from "./support/browser.ts";
import { Installation } from "./support/installation.ts";
import { differingFraction } from "./support/picture.ts";
import { QemuServer } from "./support/qemu.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { XVncServer } from "./support/x-vnc-server.ts";

const TIMEOUT_MS = 90_000;
/** What JPEG rectangles and a cursor may change; a screen that is not the right one differs in far more. */
const LIKENESS = 0.01;

describe("the console in a browser", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let browser: TestBrowser;
  let installation: Installation;

  before(async () => {
    browser = owned.use(await TestBrowser.start());
    installation = owned.use(await Installation.create());
    await installation.startNovncproxy();
  });
  after(() => owned.disposeAsync());

  for (const [name, start] of [
    ["Xtigervnc", () => XVncServer.tigervnc()],
    ["x11vnc", () => XVncServer.x11vnc()],
  ] as const) {
    it(`shows ${name}'s screen, and types and points on it`, { timeout: TIMEOUT_MS }, async () => {
      await using server = await start();
      await using page = await browser.open(await installation.authorize(server.endpoint));
      await showsTheTruth(page, server);
      const before = await server.truth();

      await page.click({ x: 321, y: 123 });
      await until("the pointer to be where the click was", async () => {
        const { x, y } = await server.display.pointer();
        return Math.abs(x - 321) <= 2 && Math.abs(y - 123) <= 2;
      });
      await page.type("touch typed-in-the-browser\n");
      await server.fileMade("typed-in-the-browser");

      assert.notEqual(differingFraction(before, await server.truth()), 0);
      await showsTheTruth(page, server, 0.0005);
      assert.deepEqual(page.complaints, []);
    });
  }

  it("shows a virtual machine's screen, and types on it", { timeout: TIMEOUT_MS }, async () => {
    await using server = await QemuServer.start();
    await using page = await browser.open(await installation.authorize(server.endpoint));
    await showsTheTruth(page, server);
    const before = await server.truth();

    await page.click({ x: 100, y: 100 });
    await page.type("hello");
    await until(
      "the machine to echo",
      async () => differingFraction(before, await server.truth()) > 0,
    );

    await showsTheTruth(page, server, 0.0005);
    assert.deepEqual(page.complaints, []);
  });

  for (const name of ["vnc_auto.html", "vnc.html"]) {
    it(`shows the screen on ${name} too`, { timeout: TIMEOUT_MS }, async () => {
      await using server = await QemuServer.start("unix");
      const url = await installation.authorize(server.endpoint);
      url.pathname = `/${name}`;
      await using page = await browser.open(url);
      await showsTheTruth(page, server);
    });
  }
});

/** Waits until the page's canvas is like what the server itself says that it shows. */
async function showsTheTruth(
  page: ConsolePage,
  server: VncServer,
  likeness = LIKENESS,
): Promise<void> {
  await until(`the page to show ${server.name}'s screen`, async () => {
    const picture = await page.picture();
    return picture !== null && differingFraction(picture, await server.truth()) <= likeness;
  });
}
