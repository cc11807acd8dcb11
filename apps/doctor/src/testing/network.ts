import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";

const HOST = "10.99.0.1";
const VIEWER = "10.99.0.2";

/** Two machines on a wire, as network namespaces: a host with rules and a listener, and a viewer. */
export class TestNetwork implements AsyncDisposable {
  readonly #host: string;
  readonly #viewer: string;
  readonly #listener: ChildProcess;

  private constructor(host: string, viewer: string, listener: ChildProcess) {
    this.#host = host;
    this.#viewer = viewer;
    this.#listener = listener;
  }

  /** Needs root. @param ports - that the host listens on */
  static async create(ports: readonly number[]): Promise<TestNetwork> {
    const id = randomBytes(3).toString("hex");
    const [host, viewer, a, b] = [`doc-h-${id}`, `doc-v-${id}`, `dh${id}`, `dv${id}`];
    await succeed("ip", ["netns", "add", host]);
    await succeed("ip", ["netns", "add", viewer]);
    await succeed("ip", [
      "link",
      "add",
      a,
      "netns",
      host,
      "type",
      "veth",
      "peer",
      b,
      "netns",
      viewer,
    ]);
    for (const [space, device, address] of [
      [host, a, HOST],
      [viewer, b, VIEWER],
    ] as const) {
      await succeed("ip", ["-n", space, "addr", "add", `${address}/24`, "dev", device]);
      await succeed("ip", ["-n", space, "link", "set", device, "up"]);
      await succeed("ip", ["-n", space, "link", "set", "lo", "up"]);
    }
    const script = `for (const port of [${ports.join(",")}]) require("net").createServer((s) => s.on("error", () => {}).once("data", () => s.end("here"))).listen(port, "0.0.0.0", () => console.log("up"));`;
    const listener = spawn("ip", ["netns", "exec", host, process.execPath, "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface(listener.stdout);
    let up = 0;
    lines.on("line", () => (up += 1));
    while (up < ports.length) await once(lines, "line");
    return new TestNetwork(host, viewer, listener);
  }

  /** Runs a command on the host, with `input`. @returns what it printed */
  onHost(command: string, args: readonly string[], input = ""): Promise<string> {
    return succeed("ip", ["netns", "exec", this.#host, command, ...args], input);
  }

  /** Starts a program on the host that goes on until it is killed. */
  start(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): ChildProcess {
    return spawn("ip", ["netns", "exec", this.#host, command, ...args], {
      env: { ...process.env, ...environment },
      stdio: "ignore",
    });
  }

  /** Runs a program on the host to its end, whatever that is. */
  run(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
    return new Promise((resolve) => {
      const words = ["netns", "exec", this.#host, command, ...args];
      const options = { env: { ...process.env, ...environment }, timeout: 30_000 };
      execFile("ip", words, options, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  /** Whether the viewer gets an answer from the port. A packet that is dropped is waited for half a second. */
  async connects(port: number): Promise<boolean> {
    const script = `const s = require("net").connect({ host: "${HOST}", port: ${port} }); s.write("who?"); s.on("data", () => process.exit(0)); s.on("error", () => process.exit(1)); setTimeout(() => process.exit(1), 500);`;
    const args = ["netns", "exec", this.#viewer, process.execPath, "-e", script];
    const child = spawn("ip", args, { stdio: "inherit" });
    const [status] = (await once(child, "exit")) as [number | null];
    return status === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#listener, "exit");
    this.#listener.kill("SIGKILL");
    await ended;
    await succeed("ip", ["netns", "del", this.#host]);
    await succeed("ip", ["netns", "del", this.#viewer]);
  }
}

/** Runs a command that must succeed. */
function succeed(command: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")}: ${stderr}`, { cause: error }));
    });
    // One that reads nothing may be gone before this is written.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
