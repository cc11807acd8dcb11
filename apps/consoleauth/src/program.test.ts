import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createWorkplace, INSTANCE, TIMEOUT, type Workplace } from "./testing.ts";

const PROGRAM = fileURLToPath(import.meta.resolve("../bin/nova-consoleauth.cjs"));
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/;

describe("nova-consoleauth", () => {
  let workplace: Workplace;
  let configFile: string;
  let children: ChildProcess[];
  let lastChild: ChildProcess | undefined;
  beforeEach(async () => {
    workplace = await createWorkplace();
    children = [];
    configFile = join(workplace.directory, "nova.conf");
    configure("");
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await workplace.remove();
  });

  function configure(more: string): void {
    writeFileSync(configFile, `[DEFAULT]\nstate_path = ${workplace.directory}\n${more}`);
  }

  function run(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const args = [PROGRAM, "--config-file", configFile, ...words];
      lastChild = execFile(process.execPath, args, TIMEOUT, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  /** As {@link run}, with this on standard input. */
  function runWith(input: string, ...words: string[]): ReturnType<typeof run> {
    const running = run(...words);
    lastChild?.stdin?.end(input);
    return running;
  }

  const place = ["--instance", INSTANCE, "--host", "192.0.2.7", "--port", "5900"];

  it("warns of a token in the command line, and still takes it", TIMEOUT, async () => {
    const [token = ""] = UUID.exec((await run("authorize", ...place)).stdout) ?? [];
    const checked = await run("check", token);
    assert.equal(checked.status, 0);
    assert.match(checked.stderr, / WARNING nova-consoleauth .*every user of this host sees/);
    assert.ok(!checked.stderr.includes(token));
    const revoked = await run("revoke", "--token", token);
    assert.equal(revoked.stdout, "revoked 1 token\n");
    assert.match(revoked.stderr, /--token -\) or by --token-file FILE/);
  });

  it("asks for a token on a terminal, and does not show it", TIMEOUT, async () => {
    const [token = ""] = UUID.exec((await run("authorize", ...place)).stdout) ?? [];
    const command = [process.execPath, PROGRAM, "--config-file", configFile, "check", "-"];
    const terminal = spawn("script", ["-qec", command.join(" "), "/dev/null"]);
    children.push(terminal);
    let shown = "";
    terminal.stdout.on("data", (chunk: Buffer) => {
      shown += chunk.toString();
      if (shown === "Token: ") terminal.stdin.write(`${token}\r`);
    });
    const [status] = (await once(terminal, "close")) as [number];
    assert.equal(status, 0, shown);
    assert.match(shown, /192\.0\.2\.7:5900/);
    assert.ok(!shown.includes(token));
  });

  it(
    "says that another process holds the store's lock, and reads nevertheless",
    TIMEOUT,
    async () => {
      configure("[console_proxy]\nconnect_timeout = 1\n");
      const holder = new DatabaseSync(workplace.store.place);
      holder.exec("BEGIN IMMEDIATE");
      const refused = await run("authorize", ...place);
      assert.match(
        refused.stderr,
        /^nova-consoleauth: token store \/\S+: is locked by another process for more than 0\.95 s; [^\n]*\n$/,
      );
      assert.deepEqual({ ...refused, stderr: "" }, { status: 1, stdout: "", stderr: "" });
      assert.equal((await run("list")).status, 0);
      holder.close();
    },
  );

  it("authorizes, checks, lists, moves, revokes and purges", TIMEOUT, async () => {
    const minted = await run("authorize", ...place, "--ttl", "60");
    const [token = ""] = UUID.exec(minted.stdout) ?? [];
    assert.deepEqual(minted, {
      status: 0,
      stdout: `http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D${token}\n`,
      stderr: "",
    });
    const checked = await runWith(token, "check", "-", "--json");
    assert.match(
      checked.stdout,
      /^\{"instance_uuid":"11111111-[^\n]*"host":"192\.0\.2\.7","port":5900,[^\n]*\}\n$/,
    );
    const listed = await run("list");
    assert.match(listed.stdout, /^11111111-\S+ {2}novnc {2}192\.0\.2\.7:5900 {2}expires [^\n]+\n$/);
    assert.equal(
      (await run("move", "--instance", INSTANCE, "--host", "::1", "--port", "5901", "--json"))
        .stdout,
      '{"moved":1}\n',
    );
    assert.match((await runWith(`${token}\n`, "check", "-")).stdout, /\[::1\]:5901/);
    assert.equal(
      (await run("revoke", "--instance", INSTANCE)).stdout,
      `revoked 1 token of instance ${INSTANCE}\n`,
    );
    const refused = await runWith(token, "check", "-");
    assert.deepEqual(refused, { status: 1, stdout: "token is unknown or expired\n", stderr: "" });
    assert.equal((await run("purge")).stdout, "purged 0 expired tokens\n");
    assert.deepEqual(await run("list"), { status: 0, stdout: "", stderr: "" });
  });

  it("prints the vncviewer line as one line", TIMEOUT, async () => {
    const { status, stdout, stderr } = await run("authorize", ...place, "--viewer");
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.match(
      stdout,
      /^VNC_USERNAME=console VNC_PASSWORD=\S+ vncviewer \S+ 127\.0\.0\.1::6081\n$/,
    );
    const [token = ""] = UUID.exec(stdout) ?? [];
    assert.match((await run("check", token)).stdout, / xvpvnc /);
  });

  const failures: [string, string[], number, RegExp][] = [
    [
      "a port that is none",
      ["authorize", "--instance", INSTANCE, "--host", "h", "--port", "0"],
      2,
      /^nova-consoleauth: port is 0, must be a whole number from 1 to 65535\n$/,
    ],
    [
      "a missing option",
      ["move", "--instance", INSTANCE],
      2,
      /^nova-consoleauth: --host: must be given; see --help for what goes together\n$/,
    ],
    ["an unknown command", ["authorise"], 2, /did you mean authorize\?/],
    [
      "a database that it does not speak",
      ["--database-connection", "oracle://nova:hunter2@db/nova", "list"],
      2,
      /^nova-consoleauth: \[database\] connection is of kind oracle:\/\/; [^\n]*\n$/,
    ],
    [
      "a missing state directory",
      ["--state_path", "/nonexistent", "list"],
      1,
      /^nova-consoleauth: token store \/nonexistent\/consoles\.sqlite: \/nonexistent does not exist; [^\n]*\n$/,
    ],
    [
      "a secret of viewer passwords that is none",
      [
        "--console_proxy-viewer_password_secret_file",
        "/dev/null/x",
        "authorize",
        ...place,
        "--json",
      ],
      2,
      /^nova-consoleauth: viewer_password_secret_file \/dev\/null\/x: ENOTDIR[^\n]*\n$/,
    ],
    [
      "a domain without a screen",
      ["authorize", "--libvirt", "test:///default", "--domain", "test"],
      1,
      /^nova-consoleauth: domain test has no graphics: [^\n]*\n$/,
    ],
    [
      "a domain that is not there",
      ["authorize", "--libvirt", "test:///default", "--domain", "vm"],
      1,
      /has no domain vm/,
    ],
    [
      "an API without a secret",
      ["--consoleauth-api_listen", "127.0.0.1:0"],
      2,
      /^nova-consoleauth: \[consoleauth\] api_secret_file is not set: [^\n]*\n$/,
    ],
  ];
  for (const [name, words, status, message] of failures) {
    it(`ends with ${status} and one line for ${name}`, TIMEOUT, async () => {
      const ended = await run(...words);
      assert.equal(ended.status, status);
      assert.equal(ended.stdout, "");
      assert.match(ended.stderr, message);
      assert.doesNotMatch(ended.stderr, /hunter2/);
    });
  }

  it("ends with 2 and one line for an API with a short secret", TIMEOUT, async () => {
    const secretFile = join(workplace.directory, "short");
    writeFileSync(secretFile, "letmein\n", { mode: 0o600 });
    configure(`[consoleauth]\napi_listen = 127.0.0.1:0\napi_secret_file = ${secretFile}\n`);
    const ended = await run();
    assert.equal(ended.status, 2);
    assert.match(
      ended.stderr,
      /^nova-consoleauth: \[consoleauth\] api_secret_file \/[^\n]*short: has 7 characters, must have at least 16, [^\n]*\n$/,
    );
    assert.doesNotMatch(ended.stderr, /letmein/);
  });

  it("serves the API, and stops cleanly", TIMEOUT, async () => {
    const secretFile = join(workplace.directory, "secret");
    writeFileSync(secretFile, "s3cret-of-a-panel", { mode: 0o600 });
    configure(
      `debug = true\n[consoleauth]\napi_listen = 127.0.0.1:0\napi_secret_file = ${secretFile}\n`,
    );
    const child = spawn(process.execPath, [PROGRAM, "--config-file", configFile], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.push(child);
    let log = "";
    let address: string | undefined;
    const lines = createInterface(child.stderr);
    lines.on("line", (line) => {
      log += `${line}\n`;
    });
    while (address === undefined) {
      const [line] = (await once(lines, "line")) as [string];
      address = /HTTP API on (\S+)$/.exec(line)?.[1];
    }
    const response = await fetch(`http://${address}/v1/consoles`, {
      method: "POST",
      headers: { authorization: "Bearer s3cret-of-a-panel", "content-type": "application/json" },
      body: JSON.stringify({ instance_uuid: INSTANCE, host: "h", port: 1, console_type: "novnc" }),
    });
    assert.equal(response.status, 201);
    const [token = ""] = UUID.exec(await response.text()) ?? [];
    assert.equal((await run("check", token)).status, 0);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
    assert.match(log, /api request/);
    assert.doesNotMatch(log, new RegExp(`${token}|s3cret-of-a-panel`));
  });
});
