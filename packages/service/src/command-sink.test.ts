import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { CommandSink, SeveralSinks } from "./command-sink.ts";
import { logCommands } from "./log-commands.ts";
import { createLog } from "./logger.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-console-syslog-"));
const path = join(directory, "log");
/** A syslog: Node.js cannot open a datagram socket of unix. */
const SYSLOG = `
import socket, sys
taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
taken.bind(sys.argv[1])
print("ready", flush=True)
while True:
    print(repr(taken.recv(65536).decode()), flush=True)
`;

const none = { use_syslog: false, syslog_log_facility: "LOG_USER", use_journal: false };

describe("CommandSink", () => {
  let syslog: ChildProcess;
  let lines: AsyncIterator<string>;
  before(async () => {
    syslog = spawn("python3", ["-c", SYSLOG, path], { stdio: ["ignore", "pipe", "inherit"] });
    assert.ok(syslog.stdout);
    lines = createInterface(syslog.stdout)[Symbol.asyncIterator]();
    assert.equal(await nextLine(), "ready");
  });
  after(async () => {
    syslog.kill("SIGKILL");
    await once(syslog, "close");
    rmSync(directory, { recursive: true });
  });

  async function nextLine(): Promise<string> {
    return String((await lines.next()).value);
  }

  it("passes a log on to syslog by logger(1), each entry with its level", async () => {
    const [command] = logCommands("nova-novncproxy", 4711, {
      ...none,
      use_syslog: true,
      syslog_log_facility: "LOG_LOCAL0",
    });
    assert.ok(command);
    const failures: string[] = [];
    const sink = new CommandSink({
      command: [...command, "--socket", path],
      now: () => performance.now(),
      complain: (line) => failures.push(line),
    });
    const { logger } = createLog({
      ...{ program: "nova-novncproxy", pid: 4711, now: Date.now, level: "debug" },
      ...{ format: "text", sink: new SeveralSinks([sink]) },
    });
    // local0 is 16, and 8 times that counts.
    for (const [level, priority] of [
      ["error", 131],
      ["warn", 132],
      ["info", 134],
      ["debug", 135],
    ] as const) {
      logger[level]("a word");
      const form = new RegExp(`^'<${priority}>.* nova-novncproxy\\[4711\\]: .* \\[-\\] a word'$`);
      assert.match(await nextLine(), form);
    }
    sink.close();
    assert.deepEqual(failures, []);
  });

  it("complains once of a command that is not there or ends, and starts it again later", async () => {
    const failures: string[] = [];
    let nowMs = 0;
    let onFailure = (): void => undefined;
    const failed = new Promise<void>((resolve) => {
      onFailure = resolve;
    });
    const sink = new CommandSink({
      command: [join(directory, "absent")],
      now: () => nowMs,
      complain: (line) => {
        failures.push(line);
        onFailure();
      },
    });
    sink.write("one\n");
    await failed;
    sink.write("two\n");
    nowMs += 10_000;
    sink.write("three\n");
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? "", /absent cannot pass the log on: it ended with status 127$/);
  });
});

describe("logCommands()", () => {
  it("is empty unless nova.conf asks for syslog or the journal", () => {
    assert.deepEqual(logCommands("p", 1, none), []);
    const both = { ...none, use_syslog: true, use_journal: true };
    assert.deepEqual(
      logCommands("p", 1, both).map(([program]) => program),
      ["logger", "systemd-cat"],
    );
  });
});
