import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readText } from "./read-text.ts";

describe("readText()", () => {
  let directory: string;
  let pipe: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "nova-console-config-"));
    pipe = join(directory, "nova.conf");
    execFileSync("mkfifo", [pipe]);
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it("does not wait for ever for a pipe that nobody writes to", { timeout: 10_000 }, () => {
    assert.throws(() => readText(pipe, 50), {
      code: "CONFIG_ERR_FILE",
      message: `config file ${pipe}: is a pipe, and nobody writes to it`,
    });
  });

  it("reads a pipe whose writer comes later to its end", { timeout: 10_000 }, async () => {
    const writer = spawn("sh", ["-c", `{ printf 'debug = '; echo true; } > "$1"`, "sh", pipe]);
    const ended = once(writer, "exit");
    assert.equal(readText(pipe), "debug = true\n");
    // Each program's options are read by themselves.
    assert.equal(readText(pipe), "debug = true\n");
    await ended;
  });
});
