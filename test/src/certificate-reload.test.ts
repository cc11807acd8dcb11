import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import { makeCertificate } from "./support/certificate.ts";
import { Installation } from "./support/installation.ts";
import { descendants } from "./support/memory.ts";
import { runProgram } from "./support/programs.ts";
import { TempDir } from "./support/temp-dir.ts";

const TIMEOUT_MS = 60_000;

/** Handshakes after which each of two workers has had one: that one gets them all happens once in 2^19 times. */
const HANDSHAKES = 20;

describe("a reload with a broken certificate", { timeout: 2 * TIMEOUT_MS }, () => {
  for (const proxy of ["nova-novncproxy", "nova-xvpvncproxy"] as const) {
    it(
      `keeps the old one, for workers of ${proxy} that are replaced as well`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using directory = await TempDir.create();
        const { certPath, keyPath, ca } = await makeCertificate(directory);
        await using installation = await Installation.create({
          conf: {
            DEFAULT: { cert: certPath, key: keyPath, ssl_only: "true" },
            console_proxy: { workers: 2 },
          },
        });
        const isNovnc = proxy === "nova-novncproxy";
        const child = await (isNovnc
          ? installation.startNovncproxy()
          : installation.startXvpvncproxy());
        await child.printed(/ready: listening/);
        await writeFile(certPath, "no certificate");
        process.kill(child.pid, "SIGHUP");
        await child.printed(/the old one is kept why="[^\n]*holds no certificate/);
        const [worker = 0] = await descendants(child.pid);
        process.kill(worker, "SIGKILL");
        await child.printed(/a worker was replaced/);
        const port = isNovnc ? installation.novncPort : installation.xvpPort;
        for (let count = 0; count < HANDSHAKES; count++) {
          const socket = connect({ host: "127.0.0.1", port, ca });
          await once(socket, "secureConnect");
          socket.destroy();
        }
        const checked = await runProgram(proxy, [
          "--config-file",
          installation.confPath,
          "check-config",
        ]);
        assert.equal(checked.status, 2);
        assert.match(checked.stderr, /^[^\n]*cert: [^\n]* holds no certificate[^\n]*\n$/);
      },
    );
  }
});
