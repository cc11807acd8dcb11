import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { devices, TestBrowser, type ConsolePage } from "./support/browser.ts";
import { Installation } from "./support/installation.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 60_000;
const CONTROL = 0xffe3;
const ALT = 0xffe9;
const DELETE = 0xffff;
const TAB = 0xff09;

describe("the console page", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let browser: TestBrowser;
  let installation: Installation;

  before(async () => {
    browser = owned.use(await TestBrowser.start());
    installation = owned.use(await Installation.create());
    await installation.startNovncproxy();
  });
  after(() => owned.disposeAsync());

  async function open(server: HearingServer, device?: keyof typeof devices): Promise<ConsolePage> {
    const console = await browser.open(await installation.authorize(server.endpoint), device);
    await connected(console);
    return console;
  }

  it("names the instance, and sends Ctrl-Alt-Del", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server);
    await until("the instance's name", async () => /scripted/.test(await console.text()));
    await console.page.locator("#ctrl-alt-del").click();
    for (const key of [CONTROL, ALT, DELETE]) await server.hears(keyEvent(key));
    assert.deepEqual(console.complaints, []);
  });

  it("carries the clipboard both ways", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server);
    server.send(cutText(3, "copied in the instance"));
    await console.page.locator("#clipboard-button").click();
    const text = console.page.locator("#clipboard-text");
    await until("the instance's text", async () => {
      return (await text.inputValue()) === "copied in the instance";
    });
    await text.fill("copied by the user");
    await console.page.locator("#clipboard-send").click();
    await server.hears(cutText(6, "copied by the user"));
  });

  it("scales the screen to the window, or shows it 1:1", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server);
    const shownWidth = async (): Promise<number> =>
      (await console.page.locator("#screen canvas").boundingBox())?.width ?? 0;
    await until("a screen that fills the window", async () => (await shownWidth()) > 600);
    await console.page.locator("#display-button").click();
    await console.page.locator("[name=fit][value=off]").check();
    await until("the screen's own 16 pixels", async () => (await shownWidth()) === 16);
  });

  it("sends nothing while it is for viewing only", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server);
    const viewOnly = console.page.locator("#view-only");
    await console.page.locator("#display-button").click();
    await viewOnly.check();
    await console.page.locator("#screen").focus();
    await console.type("a");
    await viewOnly.uncheck();
    await console.page.locator("#screen").focus();
    await console.type("b");
    await server.hears(keyEvent("b".charCodeAt(0)));
    assert.equal(server.heard.includes(keyEvent("a".charCodeAt(0))), false);
  });

  it("fills the display, and comes back", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server);
    const isFull = (): Promise<boolean> =>
      console.page.evaluate(() => document.fullscreenElement !== null);
    await console.page.locator("#full-screen").click();
    await until("the full screen", isFull);
    await console.page.locator("#full-screen").click();
    await until("the window", async () => !(await isFull()));
  });

  it("says why it lost the screen, and connects again", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server);
    server.breakDown();
    await until("the reason", async () => /was lost/.test(await console.text()));
    await connected(console);
  });

  it("is used without a mouse", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server);
    const { keyboard } = console.page;
    // The screen has every key, Tab included; Ctrl, Alt and Shift together come back.
    await keyboard.press("Tab");
    await server.hears(keyEvent(TAB));
    for (const key of ["Control", "Alt", "Shift"]) await keyboard.down(key);
    for (const key of ["Shift", "Alt", "Control"]) await keyboard.up(key);
    const focused = (): Promise<string> =>
      console.page.evaluate(() => document.activeElement?.id ?? "");
    await until("the tools", async () => (await focused()) === "display-button");
    while ((await focused()) !== "disconnect") await keyboard.press("Tab");
    await keyboard.press("Enter");
    await until("the way back in", async () => (await focused()) === "connect");
    await keyboard.press("Enter");
    await connected(console);
  });

  it("fits a phone, and takes taps and typing there", { timeout: TIMEOUT_MS }, async () => {
    await using server = await HearingServer.start();
    await using console = await open(server, "phone");
    const { page } = console;
    for (const shown of await page.locator("#screen canvas, .tool:visible").all()) {
      const box = await shown.boundingBox();
      const right = box === null ? Infinity : box.x + box.width;
      assert.ok(
        right <= devices.phone.viewport.width,
        `${await shown.innerHTML()} ends at ${right}`,
      );
    }
    await page.locator("#screen canvas").tap();
    await server.hears(Buffer.of(5, 1));
    await page.locator("#keyboard-button").tap();
    await console.type("z");
    await server.hears(keyEvent("z".charCodeAt(0)));
  });
});

/** A VNC server that keeps what it is sent, and says what it is told to. */
class HearingServer implements AsyncDisposable {
  readonly #backend: ScriptedBackend;
  readonly #state: { heard: Buffer; socket: Socket | null };

  private constructor(backend: ScriptedBackend, state: { heard: Buffer; socket: Socket | null }) {
    this.#backend = backend;
    this.#state = state;
  }

  static async start(): Promise<HearingServer> {
    const state = { heard: Buffer.alloc(0), socket: null as Socket | null };
    const backend = await ScriptedBackend.start({
      run: async (socket) => {
        state.socket = socket;
        socket.on("data", (bytes: Buffer) => (state.heard = Buffer.concat([state.heard, bytes])));
        await endedByProxy(socket);
      },
    });
    return new HearingServer(backend, state);
  }

  get endpoint(): ScriptedBackend["endpoint"] {
    return this.#backend.endpoint;
  }

  /** All messages since the first session began. */
  get heard(): Buffer {
    return this.#state.heard;
  }

  async hears(message: Buffer): Promise<void> {
    await until(`the server to hear ${message.toString("hex")}`, () =>
      this.heard.includes(message),
    );
  }

  send(message: Buffer): void {
    this.#state.socket?.write(message);
  }

  /** Ends the connection as a crash would. */
  breakDown(): void {
    this.#state.socket?.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]();
  }
}

async function connected({ page }: ConsolePage): Promise<void> {
  await page.waitForFunction(() => document.body.dataset["phase"] === "connected");
}

/** KeyEvent, pressed. RFC 6143 §7.5.4 */
function keyEvent(keysym: number): Buffer {
  const message = Buffer.of(4, 1, 0, 0, 0, 0, 0, 0);
  message.writeUInt32BE(keysym, 4);
  return message;
}

/** ServerCutText (3) or ClientCutText (6). RFC 6143 §7.6.4, §7.5.6 */
function cutText(type: 3 | 6, text: string): Buffer {
  const head = Buffer.of(type, 0, 0, 0, 0, 0, 0, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, Buffer.from(text, "latin1")]);
}
