import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { bootSector } from "./boot-sector.ts";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { countColours, decodePng, type Picture } from "./picture.ts";
import { accepting, dial } from "./tcp.ts";
import { TempDir } from "./temp-dir.ts";
import { until } from "./until.ts";
import type { Endpoint, VncServer } from "./vnc-server.ts";

const VNC_PORT_BASE = 5900;
const ANSWER_LIMIT_MS = 30_000;

/** How a machine differs from the plain one. */
export interface QemuOptions {
  /** To be added to the VNC display: `tls-creds=tls0`. */
  readonly vnc?: readonly string[];
  /** What those are: `-object`, `tls-creds-x509,id=tls0,...` */
  readonly args?: readonly string[];
}

/** A virtual machine that paints a picture and echoes what is typed. */
export class QemuServer implements VncServer {
  readonly name = "QEMU";
  readonly endpoint: Endpoint;
  readonly #monitor: Socket;
  readonly #directory: TempDir;
  readonly #owned: AsyncDisposableStack;
  /** What the monitor said and nobody has waited for yet. */
  readonly #lines: string[] = [];

  private constructor(
    endpoint: Endpoint,
    monitor: Socket,
    directory: TempDir,
    owned: AsyncDisposableStack,
  ) {
    this.endpoint = endpoint;
    this.#monitor = monitor;
    this.#directory = directory;
    this.#owned = owned;
    let rest = "";
    monitor.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
    });
  }

  static async start(kind: "tcp" | "unix" = "tcp", options: QemuOptions = {}): Promise<QemuServer> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const disk = directory.file("disk.img");
    await writeFile(disk, bootSector());
    const port = kind === "tcp" ? await freePort() : 0;
    const socketPath = directory.file("vnc.sock");
    const vnc = kind === "tcp" ? `127.0.0.1:${port - VNC_PORT_BASE}` : `unix:${socketPath}`;
    const monitorPath = directory.file("qmp.sock");
    const machine = owned.use(
      await Child.start("qemu-system-x86_64", [
        ...["-accel", "tcg", "-m", "64", "-vga", "std", "-nodefaults", "-net", "none"],
        ...["-drive", `file=${disk},format=raw,if=ide`],
        ...["-vnc", [vnc, ...(options.vnc ?? [])].join(","), ...(options.args ?? [])],
        ...["-qmp", `unix:${monitorPath},server=on,wait=off`],
      ]),
    );
    await accepting(machine, kind === "tcp" ? { host: "127.0.0.1", port } : { path: socketPath });
    const monitor = owned.adopt(
      await dial({ path: monitorPath }),
      (socket) => void socket.destroy(),
    );
    monitor.setEncoding("utf8");
    const endpoint =
      kind === "tcp" ? { host: "127.0.0.1", port } : { host: `unix:${socketPath}`, port: 0 };
    const server = new QemuServer(endpoint, monitor, directory, owned.move());
    await server.#execute({ execute: "qmp_capabilities" });
    await until("the boot sector to paint", async () => countColours(await server.truth()) >= 16);
    return server;
  }

  async truth(): Promise<Picture> {
    const filename = this.#directory.file("screen.png");
    await this.#execute({ execute: "screendump", arguments: { filename, format: "png" } });
    return decodePng(await readFile(filename));
  }

  /** Waits until the monitor has told of an event, such as RESET, and forgets it. */
  async happened(event: string): Promise<void> {
    await this.#hear(new RegExp(`"event": "${event}"`));
  }

  /** Sends one QMP command and waits for its answer; one at a time. */
  async #execute(command: object): Promise<void> {
    this.#monitor.write(JSON.stringify(command));
    const answer = await this.#hear(/^\{"(?:return|error)"/);
    if (answer.startsWith('{"error"')) throw new Error(`QMP: ${answer}`);
  }

  async #hear(pattern: RegExp): Promise<string> {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    for (;;) {
      const at = this.#lines.findIndex((line) => pattern.test(line));
      if (at !== -1) return this.#lines.splice(at, 1).join("");
      await once(this.#monitor, "data", { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
