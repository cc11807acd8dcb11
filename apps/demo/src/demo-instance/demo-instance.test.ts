import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { hex } from "@nova-console/byte-stream/testing";
import { DemoInstance } from "./demo-instance.ts";
import { drawScreen, SCREEN_HEIGHT, SCREEN_WIDTH } from "./draw-screen.ts";
import { Framebuffer } from "./framebuffer.ts";
import { emptyContent, type ScreenContent } from "./screen-content.ts";
import { TestViewer } from "./testing.ts";

const RAW = 0;
const ZRLE = 16;
const noon = new Date(2026, 0, 2, 12, 0, 0);
const timeout = 20_000;

/** The screen as it must be. */
function screenOf(content: Partial<ScreenContent>): Framebuffer {
  const picture = new Framebuffer(SCREEN_WIDTH, SCREEN_HEIGHT);
  drawScreen(picture, { ...emptyContent, ...content }, noon);
  return picture;
}

describe("DemoInstance", () => {
  let instance: DemoInstance;
  let ended: unknown[];
  const signal = AbortSignal.timeout(60_000);

  beforeEach(async () => {
    ended = [];
    instance = await DemoInstance.start({
      host: "127.0.0.1",
      port: 0,
      now: () => noon,
      onViewerError: (error) => ended.push(error),
    });
  });
  afterEach(async () => {
    await instance.close();
  });

  /** Reads updates until the viewer's picture is the wanted one. */
  async function see(viewer: TestViewer, wanted: Framebuffer): Promise<void> {
    while (!viewer.picture.pixels.every((pixel, index) => pixel === wanted.pixels[index])) {
      viewer.request(true);
      await viewer.readUpdate();
    }
  }

  for (const version of ["3.3", "3.7", "3.8"]) {
    for (const [name, encoding] of [
      ["Raw", RAW],
      ["ZRLE", ZRLE],
    ] as const) {
      it(`shows its screen by RFB ${version} and ${name}`, { timeout }, async () => {
        const viewer = await TestViewer.open(instance, signal, version);
        assert.equal(viewer.name, "demo-instance (nova-console)");
        viewer.setEncodings(encoding);
        viewer.request(false);
        await viewer.readUpdate();
        await see(viewer, screenOf({ viewerCount: 1 }));
        viewer.socket.destroy();
      });
    }
  }

  it("shows what is typed, and sends only what changed", { timeout }, async () => {
    const viewer = await TestViewer.open(instance, signal);
    viewer.request(false);
    await viewer.readUpdate();
    await see(viewer, screenOf({ viewerCount: 1 }));

    viewer.request(true);
    viewer.pressKey(0x68);
    const areas = await viewer.readUpdate();
    const pixels = areas.reduce((sum, { width, height }) => sum + width * height, 0);
    assert.ok(pixels < (SCREEN_WIDTH * SCREEN_HEIGHT) / 4, `${pixels} pixels for a letter`);
    await see(viewer, screenOf({ viewerCount: 1, text: "h", chord: "h" }));
    viewer.socket.destroy();
  });

  it("shows where the mouse is, to everybody", { timeout }, async () => {
    const first = await TestViewer.open(instance, signal);
    const second = await TestViewer.open(instance, signal);
    first.socket.write(Buffer.of(5, 1, 0, 200, 0, 100));
    for (const viewer of [first, second]) {
      viewer.request(false);
      await viewer.readUpdate();
      await see(viewer, screenOf({ viewerCount: 2, pointer: { x: 200, y: 100, buttons: 1 } }));
    }
    second.socket.destroy();
    await see(first, screenOf({ viewerCount: 1, pointer: { x: 200, y: 100, buttons: 1 } }));
    first.socket.destroy();
  });

  it("sends the text to the clipboard on Ctrl-C", { timeout }, async () => {
    const viewer = await TestViewer.open(instance, signal);
    viewer.pressKey(0x61);
    viewer.socket.write(hex("04 01 0000 0000ffe3"));
    viewer.pressKey(0x63);
    assert.deepEqual(
      await viewer.reader.readExact(9),
      Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 0, 0, 1), Buffer.from("a")]),
    );
    viewer.socket.destroy();
  });

  it("ends the connection of a viewer that misbehaves, and no other", { timeout }, async () => {
    const good = await TestViewer.open(instance, signal);
    const bad = await TestViewer.open(instance, signal);
    bad.socket.write(Buffer.of(77));
    await once(bad.socket, "close");
    good.request(false);
    await good.readUpdate();
    await see(good, screenOf({ viewerCount: 1 }));
    assert.match(String(ended[0]), /message type 77/);
    good.socket.destroy();
  });

  it("does not wait for viewers when it closes", { timeout }, async () => {
    const viewer = await TestViewer.open(instance, signal);
    const silent = connect(instance.port, instance.host);
    silent.on("error", () => undefined);
    await once(silent, "connect");
    const gone = Promise.all([once(viewer.socket, "close"), once(silent, "close")]);
    silent.resume();
    await instance.close();
    await gone;
    // For afterEach().
    instance = await DemoInstance.start({ host: "127.0.0.1", port: 0, now: () => noon });
  });

  it("says that its port is taken", { timeout }, async () => {
    const { host, port } = instance;
    await assert.rejects(DemoInstance.start({ host, port, now: () => noon }), {
      code: "EADDRINUSE",
    });
  });
});
