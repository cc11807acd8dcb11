import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeCertificate, type Certificate } from "./support/certificate.ts";
import { Installation } from "./support/installation.ts";
import { differingFraction } from "./support/picture.ts";
import { QemuServer } from "./support/qemu.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { XVncServer } from "./support/x-vnc-server.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 60_000;

describe("the XVP handshake on 6081", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let installation: Installation;
  let certificate: Certificate;

  before(async () => {
    certificate = await makeCertificate(owned.use(await TempDir.create()));
    const { certPath, keyPath } = certificate;
    const conf = { DEFAULT: { cert: certPath, key: keyPath } };
    installation = owned.use(await Installation.create({ conf }));
    await installation.startXvpvncproxy();
  });
  after(() => owned.disposeAsync());

  for (const [name, start] of [
    ["Xtigervnc", (): Promise<VncServer> => XVncServer.tigervnc()],
    ["x11vnc", (): Promise<VncServer> => XVncServer.x11vnc()],
    ["QEMU", (): Promise<VncServer> => QemuServer.start()],
    ["Xtigervnc on a unix socket", (): Promise<VncServer> => XVncServer.tigervnc("unix")],
  ] as const) {
    it(
      `shows ${name}'s screen, plain and in TLS, by each method`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using server = await start();
        const accessUrl = await installation.authorize(server.endpoint, { type: "xvpvnc" });
        for (const scheme of ["http:", "https:"]) {
          for (const method of ["CONNECT", "GET", "POST"] as const) {
            const url = new URL(accessUrl.href.replace(/^\w+:/, scheme));
            const signal = AbortSignal.timeout(TIMEOUT_MS);
            const answer = await openXvp({ method, url, ca: certificate.ca }, signal);
            assert.equal(answer.head, "HTTP/1.1 200 OK", `${method} ${scheme}`);
            const viewer = await RfbViewer.open(answer.channel, signal);
            await until(`${method} over ${scheme} to show the screen`, async () => {
              return differingFraction(await viewer.picture(), await server.truth()) === 0;
            });
            answer.channel.destroy();
          }
        }
      },
    );
  }

  it("carries keys to the screen and the change back", { timeout: TIMEOUT_MS }, async () => {
    await using server = await QemuServer.start();
    const url = await installation.authorize(server.endpoint, { type: "xvpvnc" });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { channel } = await openXvp({ method: "CONNECT", url }, signal);
    const viewer = await RfbViewer.open(channel, signal);
    const before = await viewer.picture();
    viewer.typeKey(0x61);
    await until("the typed letter to be seen", async () => {
      const picture = await viewer.picture();
      return (
        differingFraction(before, picture) > 0 &&
        differingFraction(picture, await server.truth()) === 0
      );
    });
    channel.destroy();
  });
});
