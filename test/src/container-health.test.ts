import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "./support/free-port.ts";
import { Installation } from "./support/installation.ts";
import { run, type Outcome } from "./support/run.ts";

const TIMEOUT_MS = 120_000;
const containers = fileURLToPath(new URL("../../examples/containers/", import.meta.url));

/** Runs the health check of a container file for a process. */
function health(pid: number): Promise<Outcome> {
  return run(process.execPath, [`${containers}ready.cjs`, String(pid)]);
}

describe("the health check of the container files", { timeout: 4 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;

  it("asks the admin address of the command line, or else of nova.conf", { timeout }, async () => {
    const [configured, given] = [await freePort(), await freePort()];
    await using installation = await Installation.create({
      conf: { console_proxy: { admin_listen: `0.0.0.0:${configured}` } },
    });
    const unix = installation.directory.file("admin.sock");
    const commandLines = [
      ["--console_proxy-admin_listen", `unix:${unix}`],
      // The entry point's own comes first.
      ...[`unix:${unix}`, `127.0.0.1:${given}`].map((first) => [
        ...["--console_proxy-admin_listen", first],
        ...["--console_proxy-admin_listen", `127.0.0.1:${given}`],
      ]),
      [],
    ];
    for (const args of commandLines) {
      await using proxy = await installation.startNovncproxy(args);
      await proxy.printed(/ready: listening/);
      const { status, stdout, stderr } = await health(proxy.pid);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^ok/);
    }
  });

  it("fails without an admin address, and for a process that is gone", { timeout }, async () => {
    await using installation = await Installation.create();
    const proxy = await installation.startNovncproxy();
    const { status, stderr } = await health(proxy.pid);
    assert.notEqual(status, 0);
    assert.match(stderr, /admin_listen is not set/);
    await proxy.stop();
    assert.notEqual((await health(proxy.pid)).status, 0);
  });

  for (const program of ["nova-novncproxy", "nova-xvpvncproxy"]) {
    it(`is what ${program}.Containerfile runs, beside an address that is no port of a host`, async () => {
      const text = await readFile(`${containers}${program}.Containerfile`, "utf8");
      assert.match(text, /COPY .*examples\/containers\/ready\.cjs \/opt\/nova-console\//);
      assert.match(text, /HEALTHCHECK .*"\/opt\/nova-console\/ready\.cjs"/);
      assert.match(text, new RegExp(`ENTRYPOINT .*unix:/dev/shm/${program}\\.sock`));
    });
  }
});
