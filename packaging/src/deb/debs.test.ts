import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { run, TempDir } from "@nova-console/test/support";
import { sourceDate } from "../source-date.ts";
import { buildDebs } from "./build-debs.ts";

describe("the .debs", () => {
  let output: TempDir;
  before(async () => {
    output = await TempDir.create();
    await buildDebs({ output: output.path, date: sourceDate() });
  });
  after(() => output[Symbol.asyncDispose]());

  it("are the same bytes when they are built again", async () => {
    await using again = await TempDir.create();
    const debs = await buildDebs({ output: again.path, date: sourceDate() });
    assert.equal(debs.length, 5);
    for (const deb of debs) {
      const one = readFileSync(output.file(path.basename(deb)));
      assert.ok(one.equals(readFileSync(deb)), path.basename(deb));
    }
  });

  it("leave lintian nothing to say", async () => {
    const debs = globSync(output.file("*.deb"));
    const { status, stdout } = await run("lintian", ["--allow-root", "--fail-on=warning", ...debs]);
    assert.equal(stdout, "");
    assert.equal(status, 0);
  });
});
