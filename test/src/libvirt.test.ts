import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Installation } from "./support/installation.ts";
import { describeLibvirtHost, DOMAIN_NAME } from "./support/libvirt-host.ts";
import { differingFraction } from "./support/picture.ts";
import { QemuServer } from "./support/qemu.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { viewerPorts } from "./support/viewer-ports.ts";

const TIMEOUT_MS = 60_000;

describe("nova-consoleauth authorize --libvirt", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let installation: Installation;
  let directory: TempDir;

  before(async () => {
    directory = owned.use(await TempDir.create());
    installation = owned.use(await Installation.running());
  });
  after(() => owned.disposeAsync());

  async function host(name: string, graphics: string): Promise<string> {
    return describeLibvirtHost(directory.file(`${name.replaceAll(/\W/g, "-")}.xml`), graphics);
  }

  for (const { name, start, graphics } of [
    {
      name: "an address and a port",
      start: () => QemuServer.start(),
      graphics: ({ endpoint }: VncServer) =>
        `<graphics type="vnc" port="${endpoint.port}" autoport="no" listen="127.0.0.1"/>`,
    },
    {
      name: "every address, which is then vncserver_proxyclient_address",
      start: () => QemuServer.start(),
      graphics: ({ endpoint }: VncServer) =>
        `<graphics type="vnc" port="${endpoint.port}" autoport="no" listen="0.0.0.0"/>`,
    },
    {
      name: "a unix socket",
      start: () => QemuServer.start("unix"),
      graphics: ({ endpoint }: VncServer) =>
        `<graphics type="vnc"><listen type="socket" socket="${endpoint.host.slice("unix:".length)}"/></graphics>`,
    },
  ]) {
    it(
      `opens the console of a domain that listens on ${name}`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using server = await start();
        const uri = await host(name, graphics(server));
        for (const port of viewerPorts) {
          const outcome = await installation.consoleauth(
            ...["authorize", "--libvirt", uri, "--domain", DOMAIN_NAME, "--type", port.type],
          );
          assert.equal(outcome.status, 0, outcome.stderr);
          const signal = AbortSignal.timeout(TIMEOUT_MS);
          const channel = await port.open(new URL(outcome.stdout.trim()), signal);
          const viewer = await RfbViewer.open(channel, signal);
          await until("the screen", async () => {
            return differingFraction(await viewer.picture(), await server.truth()) === 0;
          });
          channel.destroy();
        }
      },
    );
  }

  for (const { name, graphics, words } of [
    { name: "SPICE only", graphics: '<graphics type="spice" port="5901"/>', words: /spice/i },
    { name: "no graphics", graphics: "", words: /graphics/i },
  ]) {
    it(`says so for a domain with ${name}`, { timeout: TIMEOUT_MS }, async () => {
      const uri = await host(name, graphics);
      const outcome = await installation.consoleauth(
        "authorize",
        "--libvirt",
        uri,
        "--domain",
        DOMAIN_NAME,
      );
      assert.equal(outcome.status, 1);
      assert.match(outcome.stderr, words);
      assert.equal(outcome.stdout, "");
    });
  }
});
