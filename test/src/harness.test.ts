import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { differingFraction } from "./support/picture.ts";
import { QemuServer } from "./support/qemu.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { dial } from "./support/tcp.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { XVncServer } from "./support/x-vnc-server.ts";

const TIMEOUT_MS = 60_000;

// With no proxy between: what the other tests find out must not be the servers' or the harness's doing.
describe("the harness", { timeout: 3 * TIMEOUT_MS }, () => {
  for (const [name, start] of [
    ["Xtigervnc", (): Promise<VncServer> => XVncServer.tigervnc()],
    ["x11vnc", (): Promise<VncServer> => XVncServer.x11vnc()],
    ["QEMU", (): Promise<VncServer> => QemuServer.start()],
  ] as const) {
    it(
      `sees in ${name} by RFB what it shows, and every typed key`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using server = await start();
        const { host, port } = server.endpoint;
        const viewer = await RfbViewer.open(
          await dial({ host, port }),
          AbortSignal.timeout(TIMEOUT_MS),
        );
        await showsTheTruth(viewer, server);
        const before = await server.truth();
        viewer.typeKey(0x61);
        await until(
          "the key to be seen",
          async () => differingFraction(before, await server.truth()) > 0,
        );
        assert.ok(differingFraction(before, await server.truth()) < 0.02);
        await showsTheTruth(viewer, server);
        viewer.channel.destroy();
      },
    );
  }
});

async function showsTheTruth(viewer: RfbViewer, server: VncServer): Promise<void> {
  await until(`the picture of ${server.name}`, async () => {
    return differingFraction(await viewer.picture(), await server.truth()) === 0;
  });
}
