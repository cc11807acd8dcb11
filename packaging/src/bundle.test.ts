import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { on } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { bundle } from "./bundle.ts";
import { writeLicences } from "./licences.ts";
import { programs, version } from "./programs.ts";

describe("a bundle", () => {
  let folder = "";
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "bundle-"));
    for (const program of Object.values(programs)) {
      const output = path.join(folder, program.name);
      writeLicences(await bundle(program, output), path.join(output, "licences"));
    }
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name } of Object.values(programs)) {
    it(`of ${name} runs where no node_modules are`, () => {
      const launcher = path.join(folder, name, "bin", `${name}.cjs`);
      const run = spawnSync(process.execPath, [launcher, "--version"], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.equal(run.stderr, "");
      assert.equal(run.stdout.trim(), `${name} ${version()}`);
    });

    it(`of ${name} has the thread of the embedded token store`, async () => {
      const url = pathToFileURL(path.join(folder, name, "dist/sqlite-worker.js"));
      const workerData = { path: path.join(folder, `${name}.sqlite`) };
      const thread = new Worker(url, { workerData, execArgv: [] });
      thread.postMessage([1, Infinity, 5_000, "list", 0]);
      const messages = on(thread, "message");
      // The first says which file was opened.
      await messages.next();
      assert.deepEqual((await messages.next()).value, [[1, []]]);
      await thread.terminate();
    });

    it(`of ${name} has the licence of each package whose code is inside`, () => {
      const licences = path.join(folder, name, "licences");
      const packages = readFileSync(path.join(licences, "PACKAGES"), "utf8").trim().split("\n");
      assert.ok(packages.length > 20);
      const texts = readdirSync(licences).filter((file) => file.endsWith(".txt"));
      assert.equal(texts.length, packages.length);
      for (const text of texts) {
        assert.match(
          readFileSync(path.join(licences, text), "utf8"),
          /copyright|permission|license/i,
        );
      }
    });

    it(`of ${name} requires modules of Node.js' own: to import node:http loads twice as much`, () => {
      const dist = path.join(folder, name, "dist");
      for (const file of readdirSync(dist)) {
        const text = readFileSync(path.join(dist, file), "utf8");
        assert.doesNotMatch(text, /from ?"(node:)?(http|https|fs|net|tls|util)"/, file);
      }
    });

    it(`of ${name} takes nothing of other places of this machine with it`, () => {
      const dist = path.join(folder, name, "dist");
      for (const file of readdirSync(dist)) {
        assert.ok(!readFileSync(path.join(dist, file), "utf8").includes(process.cwd()), file);
      }
    });
  }

  it("of nova-novncproxy has the text of noVNC's own licence", () => {
    const licences = path.join(folder, "nova-novncproxy/licences");
    const [file] = readdirSync(licences).filter((name) => name.startsWith("novnc-"));
    const text = readFileSync(path.join(licences, file ?? ""), "utf8");
    assert.match(text, /Mozilla Public License,? [Vv]ersion 2\.0/);
    assert.match(text, /Exhibit A/);
  });
});
