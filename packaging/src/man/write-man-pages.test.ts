import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { optionGroups } from "@nova-console/config";
import { declaration as consoleauth } from "nova-consoleauth/declaration";

const script = join(import.meta.dirname, "write-man-pages.ts");
/** Each says nothing of a page that has no fault. */
const judges = [
  ["man", "--warnings", "-E", "UTF-8", "-l", "-Z"],
  ["groff", "-man", "-ww", "-z"],
  ["mandoc", "-T", "lint"],
] as const;

describe("write-man-pages.ts", () => {
  const directory = mkdtempSync(join(tmpdir(), "nova-console-man-"));
  const environment = { ...process.env, SOURCE_DATE_EPOCH: "1764028800", LC_ALL: "C.UTF-8" };

  function write(to: string): void {
    const { status, stderr } = spawnSync(process.execPath, [script, to], {
      env: environment,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  }

  function page(name: string): string {
    const { stdout } = spawnSync("man", ["-l", join(directory, name)], {
      env: { ...environment, MANWIDTH: "200" },
      encoding: "utf8",
    });
    return stdout;
  }

  before(() => {
    write(directory);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("writes a page for each program and one for nova.conf", () => {
    assert.deepEqual(readdirSync(directory).sort(), [
      "nova-console-doctor.8",
      "nova-console.conf.5",
      "nova-consoleauth.8",
      "nova-novncproxy.8",
      "nova-xvpvncproxy.8",
    ]);
  });

  it("writes the same twice", () => {
    const again = join(directory, "again");
    write(again);
    for (const name of readdirSync(again)) {
      assert.deepEqual(readFileSync(join(again, name)), readFileSync(join(directory, name)));
    }
    rmSync(again, { recursive: true });
  });

  it("writes pages in which man, groff and mandoc find no fault", () => {
    for (const name of readdirSync(directory)) {
      for (const [command, ...args] of judges) {
        const judged = spawnSync(command, [...args, join(directory, name)], {
          env: environment,
          encoding: "utf8",
        });
        const said = command === "man" ? "" : judged.stdout;
        assert.equal(judged.stderr + said, "", `${command} ${name}`);
        assert.equal(judged.status, 0, `${command} ${name}`);
      }
    }
  });

  it("writes pages that apropos can list", () => {
    for (const name of readdirSync(directory)) {
      const { stdout, status } = spawnSync("lexgrog", [join(directory, name)], {
        encoding: "utf8",
      });
      assert.equal(status, 0, stdout);
      assert.ok(stdout.includes(`"${name.replace(/\.\d$/, "")} - `), stdout);
    }
  });

  it("has every option and its older names in nova-console.conf(5)", () => {
    const text = page("nova-console.conf.5");
    for (const [group, options] of Object.entries(optionGroups)) {
      assert.match(text, new RegExp(`^\\[${group}\\]$`, "m"));
      for (const [name, { deprecated }] of Object.entries(options)) {
        assert.match(text, new RegExp(`^ {7}${name}( |$)`, "m"));
        for (const older of deprecated) assert.ok(text.includes(`[${older.group}] ${older.name}`));
      }
    }
  });

  it("has every command and its options in nova-consoleauth(8)", () => {
    const text = page("nova-consoleauth.8");
    for (const { name, usage, options } of consoleauth.commands) {
      assert.ok(text.includes(`nova-consoleauth ${usage}`), usage);
      assert.match(text, new RegExp(`^ {3}${name}$`, "m"));
      for (const option of Object.keys(options)) assert.ok(text.includes(`--${option}`));
    }
  });

  it("refuses to run without a directory", () => {
    const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [2, "usage: node write-man-pages.ts DIRECTORY\n"]);
  });
});
