import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { FileSink, logFilePath } from "./log-sink.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-console-log-"));
after(() => {
  rmSync(directory, { recursive: true });
});

function fail(line: string): never {
  throw new Error(line);
}

describe("logFilePath()", () => {
  const cases: [file: string | null, directory: string | null, path: string | null][] = [
    [null, null, null],
    ["", "", null],
    ["/var/log/a.log", null, "/var/log/a.log"],
    ["/var/log/a.log", "/srv", "/var/log/a.log"],
    ["a.log", "/srv", "/srv/a.log"],
    ["a.log", null, "a.log"],
    [null, "/var/log/nova", "/var/log/nova/nova-novncproxy.log"],
  ];
  for (const [file, dir, path] of cases) {
    it(`finds ${String(path)} for log_file ${String(file)} and log_dir ${String(dir)}`, () => {
      assert.equal(logFilePath("nova-novncproxy", file, dir), path);
    });
  }
});

describe("FileSink", () => {
  let files = 0;
  function open(): { path: string; sink: FileSink; clock: { ms: number } } {
    const path = join(directory, `${files++}.log`);
    const clock = { ms: 0 };
    const sink = new FileSink(path, () => clock.ms, fail);
    return { path, sink, clock };
  }

  it("appends to what is there", () => {
    const { path, sink } = open();
    sink.write("one\n");
    sink.close();
    const again = new FileSink(path, () => 0, fail);
    again.write("two\n");
    again.close();
    assert.equal(readFileSync(path, "utf8"), "one\ntwo\n");
  });

  it("goes on in a new file when the old one was renamed", () => {
    const { path, sink, clock } = open();
    sink.write("one\n");
    renameSync(path, `${path}.1`);
    clock.ms += 1_000;
    sink.write("two\n");
    sink.close();
    assert.equal(readFileSync(path, "utf8"), "two\n");
    assert.equal(readFileSync(`${path}.1`, "utf8"), "one\n");
  });

  it("goes on in a new file at once when told to", () => {
    const { path, sink } = open();
    sink.write("one\n");
    renameSync(path, `${path}.1`);
    sink.reopen();
    sink.write("two\n");
    sink.close();
    assert.equal(readFileSync(path, "utf8"), "two\n");
  });

  it("goes on at the start of a file that was truncated", () => {
    const { path, sink } = open();
    sink.write("one\n");
    truncateSync(path);
    sink.write("two\n");
    sink.close();
    assert.equal(readFileSync(path, "utf8"), "two\n");
  });

  it("complains once when it cannot write, and does not throw", () => {
    const complaints: string[] = [];
    const sink = new FileSink(
      "/dev/full",
      () => 0,
      (line) => complaints.push(line),
    );
    sink.write("one\n");
    sink.write("two\n");
    sink.close();
    assert.deepEqual(complaints, ["cannot write the log file /dev/full: the disk is full"]);
  });

  it("says which file cannot be opened and which option names it", () => {
    assert.throws(() => new FileSink("/nowhere/a.log", () => 0, fail), {
      code: "SERVICE_ERR_LOG_FILE",
      message:
        "cannot open the log file /nowhere/a.log: its directory does not exist; see [DEFAULT] log_file and log_dir",
    });
  });
});
