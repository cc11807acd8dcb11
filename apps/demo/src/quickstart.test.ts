import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { DemoOptions } from "./demo-options.ts";
import { pickPort } from "./pick-port.ts";
import { runQuickstart } from "./quickstart.ts";
import { accepts } from "./wait-for-port.ts";

const timeout = 30_000;

/** Stands for a proxy or consoleauth: reads the nova.conf it is given and does one thing of theirs. */
const standIn = (body: string): string => `
const { appendFileSync, readFileSync } = require("node:fs");
const args = process.argv.slice(2);
const conf = readFileSync(args[args.indexOf("--config-file") + 1], "utf8");
const value = (name) => new RegExp("^" + name + " = (.*)$", "m").exec(conf)[1];
appendFileSync(__dirname + "/../../started", process.pid + " " + value("state_path") + "\\n");
const listen = (name) => require("node:net").createServer((s) => s.destroy())
  .listen(Number(value(name)), "127.0.0.1");
${body}`;
const listensOn = (name: string): string => standIn(`listen(${JSON.stringify(name)});`);
const consoleauth = standIn(`
if (args[0] !== "authorize") setInterval(() => {}, 1000);
else console.log(JSON.stringify({
  url: "http://console/" + args.slice(4).join(" "), viewer: { command: "vncviewer HOST::PORT" },
}));`);

describe("runQuickstart()", () => {
  let appsDirectory: string;
  let printed: string;
  let stop: AbortController;
  let options: DemoOptions;

  beforeEach(async () => {
    appsDirectory = await mkdtemp(join(tmpdir(), "demo-test-"));
    await install("consoleauth", consoleauth);
    await install("novncproxy", listensOn("novncproxy_port"));
    await install("xvpvncproxy", listensOn("xvpvncproxy_port"));
    printed = "";
    stop = new AbortController();
    options = { source: { type: "demo-instance" }, port: await freePair() };
  });
  afterEach(async () => {
    stop.abort();
    await rm(appsDirectory, { recursive: true });
  });

  async function install(app: string, text: string): Promise<void> {
    const file = join(appsDirectory, app, "bin", `nova-${app}.cjs`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  /** A free port with a free one after it. */
  async function freePair(): Promise<number> {
    for (;;) {
      const port = await pickPort("127.0.0.1", 0);
      if ((await pickPort("127.0.0.1", port + 1)) === port + 1) return port;
    }
  }

  function run(): Promise<void> {
    return runQuickstart(options, {
      node: process.execPath,
      appsDirectory,
      signal: stop.signal,
      now: () => new Date(),
      print: (text) => {
        printed += text;
        // The last thing that is printed.
        if (text.includes("Ctrl-C")) stop.abort();
      },
    });
  }

  /** That no process and no folder of a run is left. */
  async function assertNothingLeft(): Promise<void> {
    const lines = (await readFile(join(appsDirectory, "started"), "utf8")).trim().split("\n");
    for (const line of lines) {
      const [pid = "", stateDirectory = ""] = line.split(" ");
      assert.throws(() => process.kill(Number(pid), 0), { code: "ESRCH" });
      assert.equal(existsSync(stateDirectory), false);
    }
  }

  it(
    "prints a link for a browser and ways for viewers, and leaves nothing",
    { timeout },
    async () => {
      await run();
      const [novnc = "", xvp = ""] = printed.match(/http:\S.*/g) ?? [];
      assert.match(
        novnc,
        /--instance [-0-9a-f]{36} --host 127\.0\.0\.1 --port \d+ --type novnc --ttl 86400$/,
      );
      assert.match(xvp, /--type xvpvnc --ttl 86400$/);
      assert.match(printed, /^ *vncviewer HOST::PORT$/m);
      await assertNothingLeft();
      assert.equal(await accepts("127.0.0.1", options.port ?? 0), false);
    },
  );

  it("names a libvirt domain to consoleauth as it was named", { timeout }, async () => {
    options = { ...options, source: { type: "libvirt", uri: "test:///default", domain: "a b" } };
    await run();
    assert.match(printed, /--libvirt test:\/\/\/default --domain a b --type novnc/);
  });

  it("says that nothing answers at a backend, and goes on", { timeout }, async () => {
    const port = await pickPort("127.0.0.1", 0);
    options = { ...options, source: { type: "backend", host: "127.0.0.1", port } };
    await run();
    assert.match(printed, new RegExp(`Nothing answers at 127.0.0.1:${port} yet`));
    assert.match(printed, new RegExp(`--host 127.0.0.1 --port ${port} --type novnc`));
  });

  it("fails with the last words of a program that ends by itself", { timeout }, async () => {
    await install("novncproxy", standIn(`console.error("no good"); process.exitCode = 3;`));
    await assert.rejects(run(), {
      code: "DEMO_ERR_START",
      message: "nova-novncproxy exited with status 3:\nno good",
    });
    await assertNothingLeft();
  });

  it("fails with consoleauth's words if there is no token to be had", { timeout }, async () => {
    await install(
      "consoleauth",
      standIn(`
if (args[0] !== "authorize") setInterval(() => {}, 1000);
else { console.error("domain web-1 is not running"); process.exitCode = 1; }`),
    );
    await assert.rejects(run(), /nova-consoleauth exited with status 1:\ndomain web-1 is not/);
    await assertNothingLeft();
  });

  it("ends a program that does not want to end", { timeout }, async () => {
    const stubborn = `process.on("SIGTERM", () => {}); listen("xvpvncproxy_port");`;
    await install("xvpvncproxy", standIn(stubborn));
    const began = performance.now();
    await run();
    await assertNothingLeft();
    assert.ok(performance.now() - began < 10_000);
  });

  it("refuses a port that was asked for and is taken", { timeout }, async () => {
    const { createServer } = await import("node:net");
    const server = createServer().listen(options.port ?? 0, "127.0.0.1");
    await assert.rejects(run(), { message: `Port ${options.port} is in use.` });
    server.close();
  });

  it("stops in the middle of the start without an error", { timeout }, async () => {
    await install("novncproxy", standIn(`setInterval(() => {}, 1000);`));
    const running = run();
    while (!existsSync(join(appsDirectory, "started"))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort();
    await running;
    assert.equal(printed, "");
    await assertNothingLeft();
  });
});
