import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { Child } from "./support/child.ts";
import { freePort } from "./support/free-port.ts";
import { encodeNovaConf } from "./support/nova-conf.ts";
import { runProgram, startProgram } from "./support/programs.ts";
import { accepting } from "./support/tcp.ts";
import { TempDir } from "./support/temp-dir.ts";

const TIMEOUT_MS = 90_000;
/** The file that Debian's nova-common installs as /etc/nova/nova.conf, where everybody may read it. */
const DEBIAN_CONF = "/usr/share/nova-common/nova.conf";
const programs = ["nova-novncproxy", "nova-xvpvncproxy", "nova-consoleauth"] as const;

describe("Debian's nova.conf", { timeout: 4 * TIMEOUT_MS }, () => {
  for (const program of programs) {
    it(`is accepted unchanged by ${program}`, { timeout: TIMEOUT_MS }, async () => {
      const { status, stdout, stderr } = await runProgram(program, [
        ...["--config-file", DEBIAN_CONF, "--print-config", "json"],
      ]);
      assert.equal(status, 0, stderr);
      const { values, sources } = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
      assert.ok(values?.["vnc"]);
      assert.match(String(sources?.["DEFAULT.state_path"]), new RegExp(`^${DEBIAN_CONF}:\\d+$`));
    });
  }

  it("starts nova-xvpvncproxy and nova-consoleauth", { timeout: TIMEOUT_MS }, async () => {
    await using directory = await TempDir.create();
    const local = directory.file("local.conf");
    const conf = encodeNovaConf({
      DEFAULT: { state_path: directory.path },
      database: { connection: `sqlite:///${directory.file("nova.sqlite")}` },
      vnc: { xvpvncproxy_host: "127.0.0.1", xvpvncproxy_port: await freePort() },
    });
    await writeFile(local, conf);
    for (const program of ["nova-xvpvncproxy", "nova-consoleauth"] as const) {
      const args = ["--config-file", DEBIAN_CONF, "--config-file", local];
      await using child = await startProgram(program, args);
      await child.printed(/ready:/);
      assert.deepEqual(await child.stop(), { status: 0, signal: null });
    }
  });

  it("runs Debian's own nova-novncproxy and ours alike", { timeout: TIMEOUT_MS }, async () => {
    await using directory = await TempDir.create();
    const ports = { theirs: await freePort(), ours: await freePort() };
    const args = async (port: number): Promise<string[]> => {
      const local = directory.file(`local-${port}.conf`);
      const conf = encodeNovaConf({
        DEFAULT: { state_path: directory.path, web: directory.path },
        database: { connection: `sqlite:///${directory.file("nova.sqlite")}` },
        vnc: { novncproxy_host: "127.0.0.1", novncproxy_port: port },
      });
      await writeFile(local, conf);
      return ["--config-file", DEBIAN_CONF, "--config-file", local];
    };
    await writeFile(directory.file("vnc_lite.html"), "<p>a page</p>");
    await using theirs = await Child.start("/usr/bin/nova-novncproxy", await args(ports.theirs));
    await using ours = await startProgram("nova-novncproxy", await args(ports.ours));
    for (const [child, port] of [
      [theirs, ports.theirs],
      [ours, ports.ours],
    ] as const) {
      await accepting(child, { host: "127.0.0.1", port });
      const answer = await fetch(`http://127.0.0.1:${port}/vnc_lite.html`);
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), "<p>a page</p>");
      assert.equal((await fetch(`http://127.0.0.1:${port}/missing.html`)).status, 404);
    }
    assert.deepEqual(await ours.stop(), { status: 0, signal: null });
  });
});
