import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

const directory = mkdtempSync(join(tmpdir(), "nova-console-service-"));
const index = new URL("./index.ts", import.meta.url).href;
const program = fileOf(
  "program.mjs",
  `import { nothingToServe, runProgram, SettingError } from ${JSON.stringify(index)};
  const { MODE } = process.env;
  await runProgram({
    program: "nova-xvpvncproxy",
    summary: "Proxies nothing.",
    enabled: nothingToServe,
    commands: [{
      name: "show", usage: "show WORD", summary: "Shows a word.", options: {},
      operands: [{ name: "word", help: "the word", required: true }],
      run: async ({ args, print }) => { print(args.word + "\\n"); return 1; },
    }],
    start: async ({ config, log }) => {
      if (MODE === "fail") throw new Error("the port is taken");
      if (MODE === "setting") throw new SettingError("[DEFAULT] cert: no good");
      const alive = setInterval(() => {}, 1000);
      if (MODE === "bug") setImmediate(() => Promise.reject(new TypeError("a test's bug")));
      return {
        describe: "listening on " + config.vnc.xvpvncproxy_port,
        stop: () => MODE === "stuck" ? new Promise(() => {}) : Promise.resolve(clearInterval(alive)),
        reload: async ({ vnc }) => log.info("reloaded", { port: vnc.xvpvncproxy_port }),
        ...(MODE === "done" ? { done: Promise.resolve() } : {}),
        ...(MODE === "broken" ? { done: Promise.reject(new Error("lost the database")) } : {}),
      };
    },
  });`,
);
const noConfig = fileOf("empty.conf", "");

after(() => {
  rmSync(directory, { recursive: true });
});

function fileOf(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

/** A program that runs, and what it said so far. */
class Running {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env["PATH"], HOME: directory, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(this.child);
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.exited = once(this.child, "close").then(() => this.child.exitCode);
  }

  /** Waits until standard error has it; fails when the program ends without. */
  async says(what: RegExp): Promise<string> {
    const ended = this.exited.then(() => true);
    while (!what.test(this.stderr)) {
      const more = this.child.stderr;
      assert.ok(more !== null);
      const over = await Promise.race([ended, once(more, "data").then(() => false)]);
      if (over) assert.match(this.stderr, what);
    }
    return this.stderr;
  }
}

const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

function start(args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): Running {
  return new Running(["--config-file", noConfig, ...args], environment);
}

const timeout = 60_000;

describe("runProgram()", { timeout, concurrency: 4 }, () => {
  const endings: {
    name: string;
    args?: string[];
    mode?: string;
    status: number;
    stdout?: RegExp;
    stderr?: RegExp;
  }[] = [
    {
      name: "prints its version",
      args: ["--version"],
      status: 0,
      stdout: /^nova-xvpvncproxy \d+\.\d+\.\d+\n$/,
    },
    { name: "prints its help", args: ["--help"], status: 0, stdout: /Proxies nothing\.[^]*show/ },
    {
      name: "prints the configuration",
      args: ["--xvpvncproxy_port", "7000", "--print-config", "json"],
      status: 0,
      stdout: /"xvpvncproxy_port": 7000/,
    },
    {
      name: "runs a command and ends with its status",
      args: ["show", "hello"],
      status: 1,
      stdout: /^hello\n$/,
    },
    {
      name: "takes the options of oslo.log that init scripts pass",
      args: [
        ...["--use-syslog", "--syslog-log-facility=LOG_LOCAL0", "--use-journal", "--nouse-json"],
        ...["--watch-log-file", "--log-config-append", "/x", "--log-date-format=%Y", "--use-json"],
        ...["--nouse-syslog-rfc-format", "--log-format=%(message)s", "--print-config", "json"],
      ],
      status: 0,
      stdout: /"syslog_log_facility": "LOG_LOCAL0"/,
    },
    {
      name: "says why there is nothing to do",
      args: ["--config-file", fileOf("off.conf", "[DEFAULT]\nvnc_enabled = false\n")],
      status: 0,
      stdout: /^nova-xvpvncproxy: \[DEFAULT\] vnc_enabled is false: nothing to do\n$/,
    },
    {
      name: "spells out what a terminal would obey",
      args: ["--config-file", "/\u001b[31mred"],
      status: 2,
      stderr: /^nova-xvpvncproxy: [^\n]*\\x1b\[31mred[^\n]*\n$/,
    },
    {
      name: "refuses an unknown option in one line",
      args: ["--nonsense"],
      status: 2,
      stderr: /^nova-xvpvncproxy: [^\n]*--nonsense[^\n]*\n$/,
    },
    {
      name: "refuses a bad configuration in one line that names file and option",
      args: ["--config-file", fileOf("bad.conf", "[vnc]\nxvpvncproxy_port = many\n")],
      status: 2,
      stderr: /^nova-xvpvncproxy: \/[^\n]*bad\.conf:2: \[vnc\] xvpvncproxy_port: [^\n]*\n$/,
    },
    {
      name: "ends a start that failed with one line",
      mode: "fail",
      status: 1,
      stderr: /^nova-xvpvncproxy: the port is taken\n$/,
    },
    {
      name: "ends a start with an unusable setting as a bad configuration",
      mode: "setting",
      status: 2,
      stderr: /^nova-xvpvncproxy: \[DEFAULT\] cert: no good\n$/,
    },
    {
      name: "tells where the unusable setting was made",
      args: ["--cert", "a.pem"],
      mode: "setting",
      status: 2,
      stderr: /^nova-xvpvncproxy: \[DEFAULT\] cert: no good \(cert: command line \(--cert\)\)\n$/,
    },
    {
      name: "says that the log file cannot be opened",
      args: ["--log-file", "/nowhere/a.log"],
      status: 1,
      stderr: /^nova-xvpvncproxy: cannot open the log file \/nowhere\/a\.log: [^\n]*\n$/,
    },
    {
      name: "ends with a service that ended by itself",
      mode: "done",
      status: 0,
      stderr: /INFO nova-xvpvncproxy \[-\] stopped\n$/,
    },
    {
      name: "ends with a service that failed",
      mode: "broken",
      status: 1,
      stderr: /ERROR .* the service failed error="lost the database"\n/,
    },
    {
      name: "logs a bug with its stack and ends",
      mode: "bug",
      status: 1,
      stderr: /ERROR .*unhandledRejection: this is a bug[^]*TypeError: a test's bug[^]* at /,
    },
  ];
  for (const { name, args = [], mode = "", status, stdout = /^$/, stderr = /^$/ } of endings) {
    it(name, async () => {
      const it = start(args, { MODE: mode });
      assert.equal(await it.exited, status, it.stderr);
      assert.match(it.stdout, stdout);
      assert.match(it.stderr, stderr);
    });
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`stops at ${signal} with status 0`, async () => {
      const it = start();
      await it.says(/ready: listening on 6081/);
      it.child.kill(signal);
      assert.equal(await it.exited, 0);
      assert.match(it.stderr, new RegExp(`${signal}: stopping[^]*stopped`));
    });
  }

  it("ends at once at a second signal, with status 1", async () => {
    const it = start([], { MODE: "stuck" });
    await it.says(/ready/);
    it.child.kill("SIGTERM");
    await it.says(/stopping/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 1);
  });

  it("takes a new configuration over at SIGHUP, and keeps the old one when the new is bad", async () => {
    const file = fileOf("changing.conf", "[vnc]\nxvpvncproxy_port = 7000\n");
    const it = start(["--config-file", file]);
    await it.says(/ready: listening on 7000/);
    // Linux keeps 15 bytes of a name; the command line is read by packages.
    const name = readFileSync(`/proc/${it.child.pid ?? 0}/comm`, "utf8");
    assert.equal(name, "nova-xvpvncprox\n");
    writeFileSync(file, "[vnc]\nxvpvncproxy_port = 7001\n");
    it.child.kill("SIGHUP");
    await it.says(/reloaded port=7001[^]*configuration reloaded/);
    writeFileSync(file, "[vnc]\nxvpvncproxy_port = many\n");
    it.child.kill("SIGHUP");
    await it.says(/ERROR .*the old one is kept why="[^\n]*changing\.conf:2: \[vnc\]/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
    assert.equal(it.stderr.split(" ERROR ").length, 1 + 1, it.stderr);
  });

  it("logs to log_dir, and goes on in a new file at SIGHUP when the old one was renamed", async () => {
    const file = join(directory, "nova-xvpvncproxy.log");
    const notify = fakeSystemdNotify("log");
    const it = start(["--log-dir", directory], notify.environment);
    await notify.told(/READY=1/);
    renameSync(file, `${file}.1`);
    it.child.kill("SIGHUP");
    await notify.told(/READY=1[^]*READY=1/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
    assert.equal(it.stderr, "");
    assert.match(readFileSync(`${file}.1`, "utf8"), /ready: listening/);
    assert.match(readFileSync(file, "utf8"), /^[^\n]*reloaded[^]*stopped\n$/);
  });

  it("tells a failed start on standard error as well when it logs to a file", async () => {
    const file = join(directory, "failed.log");
    const it = start(["--log-file", file], { MODE: "fail" });
    assert.equal(await it.exited, 1);
    assert.equal(it.stderr, "nova-xvpvncproxy: the port is taken\n");
    assert.match(readFileSync(file, "utf8"), /ERROR .* the port is taken\n$/);
  });

  it("logs JSON when told to", async () => {
    const file = fileOf("json.conf", "[console_proxy]\nlog_format = json\n");
    const it = start(["--config-file", file]);
    await it.says(/"message":"ready: listening on 6081"/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
    for (const line of it.stderr.trim().split("\n")) JSON.parse(line);
  });

  it("lives on when nobody reads its log any more", async () => {
    const notify = fakeSystemdNotify("epipe");
    const it = start([], notify.environment);
    await it.says(/ready/);
    it.child.stderr?.destroy();
    it.child.kill("SIGHUP");
    await notify.told(/READY=1[^]*READY=1/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
  });

  it("tells systemd when it is ready, reloads and stops", async () => {
    const notify = fakeSystemdNotify("all");
    const it = start([], notify.environment);
    const { pid } = it.child;
    await notify.told(/READY=1/);
    it.child.kill("SIGHUP");
    await notify.told(/READY=1[^]*READY=1/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
    const ready = `--pid=${pid ?? 0} READY=1 STATUS=listening on 6081\n`;
    assert.match(
      notify.messages().replace(/USEC=\d+/, "USEC=N"),
      new RegExp(
        `^${ready}--pid=\\d+ RELOADING=1 MONOTONIC_USEC=N STATUS=reloading\n${ready}--pid=\\d+ STOPPING=1 [^\n]*\n$`,
      ),
    );
  });

  it("tells systemd that it lives, as often as it wants to know, and that it is ready, should that have been lost", async () => {
    const notify = fakeSystemdNotify("watchdog");
    const it = start([], { ...notify.environment, WATCHDOG_USEC: "200000" });
    await notify.told(/READY=1 STATUS[^]*WATCHDOG=1 READY=1\n[^]*WATCHDOG=1 READY=1\n/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
  });

  it("serves when systemd cannot be told", async () => {
    const it = start([], { NOTIFY_SOCKET: "/nowhere", PATH: directory });
    await it.says(/WARNING .*systemd cannot be told .*ENOENT/);
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
  });

  it("goes into the background when it is ready, if told to", async () => {
    const file = join(directory, "daemon.log");
    const it = start(["--daemon", "--log-file", file]);
    assert.equal(await it.exited, 0, it.stderr);
    const [, pid] = /^\S+ \S+ (\d+) INFO .*ready/m.exec(readFileSync(file, "utf8")) ?? [];
    assert.notEqual(Number(pid), it.child.pid);
    // Throws if there is no such process.
    process.kill(Number(pid), "SIGKILL");
  });

  it("stays in the foreground under systemd, which waits for this process, and warns", async () => {
    const notify = fakeSystemdNotify("daemon");
    const it = start(["--daemon"], notify.environment);
    const pid = it.child.pid ?? 0;
    await it.says(/WARNING .*\[DEFAULT\] daemon is true, which is ignored/);
    await notify.told(new RegExp(`--pid=${pid} READY=1`));
    it.child.kill("SIGTERM");
    assert.equal(await it.exited, 0);
  });

  it("tells why it did not get into the background", async () => {
    const it = start(["--daemon"], { MODE: "fail" });
    assert.equal(await it.exited, 1);
    assert.equal(it.stderr, "nova-xvpvncproxy: the port is taken\n");
  });
});

/** Stands for systemd: a program of that name that writes down what it is told. */
function fakeSystemdNotify(name: string): {
  environment: NodeJS.ProcessEnv;
  messages: () => string;
  told: (what: RegExp) => Promise<void>;
} {
  const bin = mkdtempSync(join(directory, `${name}-`));
  const file = join(bin, "messages");
  writeFileSync(file, "");
  writeFileSync(join(bin, "systemd-notify"), `#!/bin/sh\necho "$*" >>"$NOTIFY_SOCKET"\n`);
  chmodSync(join(bin, "systemd-notify"), 0o755);
  const messages = (): string => readFileSync(file, "utf8");
  return {
    environment: { NOTIFY_SOCKET: file, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    messages,
    told: (what) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!what.test(messages())) return;
          watcher.close();
          resolve();
        };
        const watcher = watch(file, look);
        look();
      }),
  };
}
