import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { Child } from "./support/child.ts";
import { freePort } from "./support/free-port.ts";
import { Installation } from "./support/installation.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { accepting } from "./support/tcp.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";

const TIMEOUT_MS = 120_000;

/** HAProxy in front of a proxy, from an address of its own; its health check is on. */
class Haproxy implements AsyncDisposable {
  readonly port: number;
  readonly #child: Child;

  private constructor(port: number, child: Child) {
    this.port = port;
    this.#child = child;
  }

  /** @param send - its word for the version of the PROXY protocol */
  static async start(installation: Installation, send: string): Promise<Haproxy> {
    const port = await freePort();
    const conf = installation.directory.file(`haproxy-${send}.cfg`);
    const server = `127.0.0.1:${installation.novncPort} source 127.0.0.2`;
    const lines = [
      "defaults",
      "  mode tcp",
      "  timeout connect 5s",
      "  timeout client 1m",
      "  timeout server 1m",
      "  timeout tunnel 1h",
      "listen consoles",
      `  bind 127.0.0.1:${port}`,
      `  server one ${server} check inter 100ms ${send}`,
    ];
    await writeFile(conf, `${lines.join("\n")}\n`);
    const child = await Child.start("/usr/sbin/haproxy", ["-db", "-f", conf]);
    await accepting(child, { host: "127.0.0.1", port });
    return new Haproxy(port, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

describe("behind HAProxy", { timeout: 2 * TIMEOUT_MS }, () => {
  for (const send of ["send-proxy", "send-proxy-v2"]) {
    it(`a console opens, and its log has the viewer's address by ${send}`, async () => {
      await using backend = await ScriptedBackend.start({ run: endedByProxy });
      await using installation = await Installation.create({
        conf: {
          console_proxy: { proxy_protocol: "true", trusted_proxies: "127.0.0.2/32" },
        },
      });
      const proxy = await installation.startNovncproxy();
      await using haproxy = await Haproxy.start(installation, send);
      const url = webSocketUrl(await installation.authorize(backend.endpoint));
      url.port = String(haproxy.port);
      const { webSocket, channel } = await openWebSocket(url);
      await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
      webSocket.close();
      const [line] = await proxy.printed(/session closed .*/);
      assert.match(line, / viewerAddress=127\.0\.0\.1 /);
    });
  }
});
