import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Installation } from "./support/installation.ts";
import { QemuServer } from "./support/qemu.ts";
import { logIn } from "./support/rfb-login.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { dial } from "./support/tcp.ts";
import { openConsole, viewerPorts } from "./support/viewer-ports.ts";

const TIMEOUT_MS = 60_000;
const limit = { timeout: TIMEOUT_MS };

/** Message type 250, a byte of padding, version 1, and what is meant. @see rfbproto.rst, "xvp" */
const message = (code: number): Buffer => Buffer.of(250, 0, 1, code);
const Code = { Fail: 0, Init: 1, Shutdown: 2, Reboot: 3, Reset: 4 } as const;
/** SetEncodings with the pseudo-encoding -309: this viewer knows such messages. */
const SET_ENCODINGS = Buffer.of(2, 0, 0, 1, 0xff, 0xff, 0xfe, 0xcb);

describe("power messages of a machine's console", { timeout: 2 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let installation: Installation;
  let qemu: QemuServer;

  before(async () => {
    installation = owned.use(await Installation.running());
    qemu = owned.use(await QemuServer.start("tcp", { vnc: ["power-control=on"] }));
  });
  after(() => owned.disposeAsync());

  for (const port of viewerPorts) {
    it(`pass both ways on ${port.name}`, limit, async () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      await passBothWays(await openConsole(port, installation, qemu.endpoint, signal), qemu);
    });
  }

  it("pass both ways for a stock viewer on 6081", limit, async () => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { token } = await installation.ticket(qemu.endpoint);
    const socket = await dial({ host: "127.0.0.1", port: installation.xvpPort });
    const { channel, refusal } = await logIn(socket, { way: "xvp", token }, signal);
    assert.equal(refusal, null);
    await passBothWays(await RfbViewer.admitted(channel, signal), qemu);
  });
});

async function passBothWays(viewer: RfbViewer, qemu: QemuServer): Promise<void> {
  const { channel } = viewer;
  channel.write(SET_ENCODINGS);
  assert.deepEqual(await viewer.readExact(4), message(Code.Init));
  channel.write(message(Code.Reset));
  await qemu.happened("RESET");
  channel.write(message(Code.Shutdown));
  await qemu.happened("POWERDOWN");
  // QEMU cannot do this one, and says so.
  channel.write(message(Code.Reboot));
  assert.deepEqual(await viewer.readExact(4), message(Code.Fail));
  channel.destroy();
}
