import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";

const file = fileURLToPath(new URL("../require-node.cjs", import.meta.url));

function run(version: string, then = ""): { status: number | null; stderr: string } {
  const pretend = `
    Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(version)} } });
    Object.defineProperty(process, "version", { value: ${JSON.stringify(`v${version}`)} });
    require(${JSON.stringify(file)});
    ${then}`;
  const { status, stderr } = spawnSync(process.execPath, ["-e", pretend], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, stderr };
}

describe("require-node.cjs", () => {
  for (const version of ["12.22.0", "20.20.2", "22.12.0"]) {
    it(`ends a program on Node.js ${version} with one line and status 2`, () => {
      const { status, stderr } = run(version);
      assert.equal(status, 2);
      assert.match(
        stderr,
        new RegExp(`^needs Node\\.js 22\\.13 or later, but this is v${version} \\(/[^\n]*\\)\n$`),
      );
    });
  }

  for (const version of ["22.13.0", "23.0.0", "24.21.0", "100.0.0"]) {
    it(`lets a program run on Node.js ${version}`, () => {
      assert.deepEqual(run(version), { status: 0, stderr: "" });
    });
  }

  it("lets Node.js warn of anything but that SQLite is experimental", () => {
    const sqlite = "SQLite is an experimental feature and might change at any time";
    const warn = (text: string): string =>
      `process.emitWarning(${JSON.stringify(text)}, "ExperimentalWarning");`;
    assert.equal(run("22.13.0", warn(sqlite)).stderr, "");
    assert.match(run("22.13.0", warn("other is")).stderr, /ExperimentalWarning: other is/);
  });
});
