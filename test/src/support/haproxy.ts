import { writeFile } from "node:fs/promises";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import type { Installation } from "./installation.ts";
import { accepting } from "./tcp.ts";

/** What HAProxy is told beside what is the same for all. */
export interface HaproxyOptions {
  readonly mode: "tcp" | "http";
  /** Words behind the server's address: `send-proxy`. */
  readonly server?: string;
  /** Lines of the `listen` section: `option forwardfor`. */
  readonly lines?: readonly string[];
}

/** HAProxy in front of a nova-novncproxy, to which it comes from 127.0.0.2; its health check is on. */
export class Haproxy implements AsyncDisposable {
  readonly port: number;
  readonly #child: Child;

  private constructor(port: number, child: Child) {
    this.port = port;
    this.#child = child;
  }

  static async start(
    installation: Installation,
    { mode, server = "", lines = [] }: HaproxyOptions,
  ): Promise<Haproxy> {
    const port = await freePort();
    const conf = installation.directory.file("haproxy.cfg");
    const address = `127.0.0.1:${installation.novncPort} source 127.0.0.2`;
    const all = [
      "defaults",
      `  mode ${mode}`,
      "  timeout connect 5s",
      "  timeout client 1m",
      "  timeout server 1m",
      "  timeout tunnel 1h",
      "listen consoles",
      `  bind 127.0.0.1:${port}`,
      ...lines.map((line) => `  ${line}`),
      `  server one ${address} check inter 100ms ${server}`,
    ];
    await writeFile(conf, `${all.join("\n")}\n`);
    const child = await Child.start("/usr/sbin/haproxy", ["-db", "-f", conf]);
    await accepting(child, { host: "127.0.0.1", port });
    return new Haproxy(port, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}
