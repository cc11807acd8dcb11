import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { TestBrowser } from "./support/browser.ts";
import { makeCertificate, type Certificate } from "./support/certificate.ts";
import { patterned } from "./support/fill.ts";
import { Installation } from "./support/installation.ts";
import { countColours } from "./support/picture.ts";
import { QemuServer } from "./support/qemu.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { ScriptedBackend, type Script } from "./support/scripted-backend.ts";
import { closed, dial } from "./support/tcp.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { viewerPorts } from "./support/viewer-ports.ts";

const TIMEOUT_MS = 60_000;

/** What the backend sends before it ends. */
const words = patterned(100_000);
const script: Script = {
  run: (socket) => {
    socket.write(words);
    return Promise.resolve();
  },
};

describe("TLS", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let certificate: Certificate;

  before(async () => {
    certificate = await makeCertificate(owned.use(await TempDir.create()));
  });
  after(() => owned.disposeAsync());

  function running(scheme: "http" | "https", sslOnly: boolean): Promise<Installation> {
    const { certPath, keyPath } = certificate;
    const conf = { DEFAULT: { cert: certPath, key: keyPath, ssl_only: String(sslOnly) } };
    return Installation.running({ conf, scheme });
  }

  for (const port of viewerPorts) {
    for (const scheme of ["http", "https"] as const) {
      it(
        `carries a console over ${scheme} on ${port.name} with cert and key`,
        { timeout: TIMEOUT_MS },
        async () => {
          await using installation = await running(scheme, false);
          await using backend = await ScriptedBackend.start(script);
          const signal = AbortSignal.timeout(TIMEOUT_MS);
          const url = await installation.authorize(backend.endpoint, { type: port.type });
          assert.equal(url.protocol, `${scheme}:`);
          const channel = await port.open(url, signal, certificate.ca);
          const viewer = await RfbViewer.open(channel, signal);
          assert.deepEqual(await viewer.readExact(words.length), words);
          channel.destroy();
        },
      );
    }

    it(
      `refuses plain connections on ${port.name} with ssl_only`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using installation = await running("https", true);
        const number = port.type === "novnc" ? installation.novncPort : installation.xvpPort;
        const socket = await dial({ host: "127.0.0.1", port: number });
        const heard: Buffer[] = [];
        socket.on("data", (bytes: Buffer) => heard.push(bytes));
        socket.write("GET / HTTP/1.0\r\n\r\n");
        await closed(socket);
        assert.equal(Buffer.concat(heard).toString(), "");

        await using backend = await ScriptedBackend.start(script);
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const url = await installation.authorize(backend.endpoint, { type: port.type });
        const channel = await port.open(url, signal, certificate.ca);
        const viewer = await RfbViewer.open(channel, signal);
        assert.deepEqual(await viewer.readExact(words.length), words);
        channel.destroy();
      },
    );
  }

  for (const port of viewerPorts) {
    it(
      `refuses a client that renegotiates TLS on ${port.name}, and serves on`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using installation = await running("https", true);
        const number = port.type === "novnc" ? installation.novncPort : installation.xvpPort;
        const said = await renegotiate(number);
        assert.match(said, /^RENEGOTIATING$/m);
        assert.match(said, /:no renegotiation:/);

        await using backend = await ScriptedBackend.start(script);
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const url = await installation.authorize(backend.endpoint, { type: port.type });
        const channel = await port.open(url, signal, certificate.ca);
        const viewer = await RfbViewer.open(channel, signal);
        assert.deepEqual(await viewer.readExact(words.length), words);
        channel.destroy();
      },
    );
  }

  it("shows the screen in a browser over https", { timeout: TIMEOUT_MS }, async () => {
    await using installation = await running("https", true);
    await using server = await QemuServer.start();
    await using browser = await TestBrowser.start();
    await using page = await browser.open(await installation.authorize(server.endpoint));
    await until("the page to show the screen", async () => {
      const picture = await page.picture();
      return picture !== null && countColours(picture) >= 16;
    });
    assert.deepEqual(page.complaints, []);
  });
});

/** Has openssl begin a handshake anew within a TLS 1.2 connection. @returns all that it said */
async function renegotiate(port: number): Promise<string> {
  const client = spawn("openssl", ["s_client", "-tls1_2", "-connect", `127.0.0.1:${port}`]);
  try {
    let said = "";
    let asked = false;
    const listen = (chunk: Buffer): void => {
      said += chunk.toString("latin1");
      if (asked || !said.includes("Verify return code")) return;
      asked = true;
      client.stdin.write("R\n");
    };
    client.stdout.on("data", listen);
    client.stderr.on("data", listen);
    client.stdin.on("error", () => undefined);
    await once(client, "close");
    return said;
  } finally {
    client.kill();
  }
}
