import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { TestNetwork } from "./testing/network.ts";

const PROGRAM = fileURLToPath(import.meta.resolve("../bin/nova-console-doctor.cjs"));
/** Fifteen seconds, and what a busy machine adds. */
const LIMIT_MS = 20_000;

describe("nova-console-doctor where nobody answers", () => {
  let network: TestNetwork;
  let directory: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "nova-console-doctor-"));
    network = await TestNetwork.create([6080]);
    // Packets that are refused would be an answer.
    await network.onHost("iptables", ["-A", "INPUT", "!", "-i", "lo", "-j", "DROP"]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  it("ends within its time, with three name servers that are away", async () => {
    const [config, resolver] = [join(directory, "nova.conf"), join(directory, "resolv.conf")];
    writeFileSync(
      config,
      "[database]\nconnection = mysql+pymysql://nova:x@db.example/nova\n[vnc]\nnovncproxy_base_url = http://console.example/vnc_auto.html\n",
    );
    writeFileSync(resolver, "nameserver 10.99.0.2\n".repeat(3));
    const computes = ["a", "b", "c", "d", "e", "f"].flatMap((name) => [
      "--compute",
      `${name}.example`,
    ]);
    const command = [process.execPath, PROGRAM, "--config-file", config, ...computes];
    const started = Date.now();
    const { status, stdout } = await network.run("unshare", [
      "--mount",
      "sh",
      "-c",
      `mount --bind ${resolver} /etc/resolv.conf && exec "$@"`,
      "sh",
      ...command,
    ]);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /f\.example/);
    assert.ok(Date.now() - started < LIMIT_MS);
  });
});
