import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { FileSink, logFilePath, StreamSink } from "./log-sink.ts";

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

describe("StreamSink", () => {
  it("keeps a bounded number of lines for a reader that stands still, and counts the others", () => {
    const stream = {
      writableLength: 0,
      written: [] as string[],
      write(text: string): void {
        this.written.push(text);
        this.writableLength += text.length;
      },
    };
    const sink = new StreamSink(stream);
    const line = `${"x".repeat(1023)}\n`;
    for (let n = 0; n < 3_000; n++) sink.write(line);
    assert.equal(stream.written.length, 1_025);
    stream.writableLength = 0;
    sink.write("next\n");
    assert.deepEqual(stream.written.slice(1_025), [
      "1975 entries of the log were lost: its reader did not keep up\n",
      "next\n",
    ]);
  });
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

  it("does not wait for the reader of a FIFO", () => {
    const path = join(directory, "fifo.log");
    execFileSync("mkfifo", [path]);
    assert.throws(() => new FileSink(path, () => 0, fail), { message: /no process reads/ });
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const complaints: string[] = [];
    const sink = new FileSink(
      path,
      () => 0,
      (line) => complaints.push(line),
    );
    for (let n = 0; n < 100; n++) sink.write("x".repeat(10_000));
    sink.close();
    closeSync(reader);
    assert.deepEqual(complaints, [
      `cannot write the log file ${path}: it is a FIFO whose reader does not keep up`,
    ]);
  });

  it("says which file cannot be opened and which option names it", () => {
    assert.throws(() => new FileSink("/nowhere/a.log", () => 0, fail), {
      code: "SERVICE_ERR_LOG_FILE",
      message:
        "cannot open the log file /nowhere/a.log: its directory does not exist; see [DEFAULT] log_file and log_dir",
    });
  });
});
