import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const LIMIT_MS = 120_000;
const MEASUREMENTS = 14;
/** Memory, sessions that live, and churn. */
const MEASUREMENTS_OF_A_PROXY = 3;
const MEASUREMENTS_IN_TLS = 11;

const measurements = ["bulk", "echo", "opens", "memory", "live", "churn"];
/** Those that need nothing but this repository; `--quick` alone takes what else is installed. */
const peers = ["direct", "6080", "6081", "node-ws", "node-net", "6080-tls", "6081-tls", "node-tls"];

describe("npm run bench -- --quick", { timeout: LIMIT_MS }, () => {
  const directory = mkdtempSync(join(tmpdir(), "nova-console-smoke-"));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("measures everything once, with every byte and every echo as it has to be", () => {
    const [json, svg] = [join(directory, "all.json"), join(directory, "all.svg")];
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const args = [
      "--quick",
      "--only",
      [...measurements, ...peers].join(","),
      "--json",
      json,
      "--svg",
      svg,
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
      encoding: "utf8",
      timeout: LIMIT_MS,
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^opens: consoles opened/m);
    assert.match(readFileSync(svg, "utf8"), /^<svg [^]*6081-tls[^]*<\/svg>\n$/);
    const { samples } = JSON.parse(readFileSync(json, "utf8")) as { samples: { peer: string }[] };
    const counts = Object.groupBy(samples, ({ peer }) => peer);
    for (const peer of peers) {
      const expected = peer === "direct" ? MEASUREMENTS - MEASUREMENTS_OF_A_PROXY : MEASUREMENTS;
      const inTls = peer.endsWith("-tls");
      assert.equal(counts[peer]?.length, inTls ? MEASUREMENTS_IN_TLS : expected, peer);
    }
  });
});
