import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { run, TempDir } from "@nova-console/test/support";
import { nodejsVersion } from "../nodejs-tree.ts";
import { repository } from "../programs.ts";
import { buildNodejsRpm } from "./build-nodejs-rpm.ts";

const DATE = 1_700_000_000;

describe("buildNodejsRpm()", () => {
  let directory: TempDir;
  let file = "";
  before(async () => {
    directory = await TempDir.create();
    file = buildNodejsRpm({ output: directory.file("one"), release: "7", date: DATE });
  });
  after(async () => {
    await directory[Symbol.asyncDispose]();
  });

  async function query(...args: readonly string[]): Promise<string[]> {
    const { status, stdout, stderr } = await run("rpm", ["-qp", ...args, file]);
    assert.equal(status, 0, stderr);
    return stdout.trim().split("\n");
  }

  it("packs the pinned Node.js and its licence, and nothing that is on anybody's PATH", async () => {
    assert.ok(path.basename(file).startsWith(`nova-console-nodejs-${nodejsVersion()}-7.`));
    assert.deepEqual(await query("--qf", "[%{filemodes:perms} %{filenames}\n]"), [
      "drwxr-xr-x /usr/lib/nova-console",
      "drwxr-xr-x /usr/lib/nova-console/nodejs",
      "drwxr-xr-x /usr/lib/nova-console/nodejs/bin",
      "-rwxr-xr-x /usr/lib/nova-console/nodejs/bin/node",
      "drwxr-xr-x /usr/share/licenses/nova-console-nodejs",
      "-rw-r--r-- /usr/share/licenses/nova-console-nodejs/LICENSE",
    ]);
    assert.deepEqual(await query("--licensefiles"), [
      "/usr/share/licenses/nova-console-nodejs/LICENSE",
    ]);
  });

  it("asks for no C library that is newer than EL8's, and is read by EL8's rpm", async () => {
    const requires = await query("--requires");
    const versions = requires.flatMap((line) => /\(GLIBC_2\.(\d+)/.exec(line)?.[1] ?? []);
    assert.ok(versions.length > 0);
    assert.ok(Math.max(...versions.map(Number)) <= 28, requires.join("\n"));
    assert.ok(!requires.some((line) => /PayloadIs(Zstd|Xz)/.test(line)));
  });

  it("gives the same RPM for the same Node.js and date, byte for byte", () => {
    const again = buildNodejsRpm({ output: directory.file("two"), release: "7", date: DATE });
    assert.ok(readFileSync(again).equals(readFileSync(file)));
  });

  it("leaves rpmlint nothing to say that rpmlint.toml does not explain", async () => {
    const configuration = path.join(repository, "packaging/rpm/rpmlint.toml");
    const { stdout, stderr } = await run("rpmlint", ["-c", configuration, file]);
    assert.match(stdout, / 0 errors, 0 warnings/, stdout + stderr);
  });
});
