import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import type { Installation } from "./installation.ts";
import { accepting } from "./tcp.ts";

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));

/** What of an example is changed for a test: as its README says, and time-outs. */
export type Changes = readonly (readonly [from: string, to: string])[];

/** A load balancer on loopback that runs an example of ours. */
export class Balancer implements AsyncDisposable {
  readonly port: number;
  readonly child: Child;

  private constructor(port: number, child: Child) {
    this.port = port;
    this.child = child;
  }

  /** @param example - below examples/ */
  static async haproxy(
    installation: Installation,
    example: string,
    port: number,
    changes: Changes,
  ): Promise<Balancer> {
    const conf = installation.directory.file("haproxy.cfg");
    await writeFile(conf, await changed(example, changes));
    return Balancer.#started(port, "/usr/sbin/haproxy", ["-db", "-f", conf]);
  }

  /** @param example - below examples/; what /etc/nginx/conf.d/ is for */
  static async nginx(
    installation: Installation,
    example: string,
    port: number,
    changes: Changes,
  ): Promise<Balancer> {
    const { directory } = installation;
    const example_ = directory.file("console.conf");
    await writeFile(example_, await changed(example, changes));
    const conf = directory.file("nginx.conf");
    const ownPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (what) => `${what}_temp_path ${directory.file(what)};`,
    );
    const lines = [
      "daemon off;",
      `pid ${directory.file("nginx.pid")};`,
      "error_log stderr;",
      // The temporary folder is for nobody else.
      ...(process.getuid?.() === 0 ? ["user root;"] : []),
      "events {}",
      `http { ${ownPaths.join(" ")} include ${example_}; }`,
    ];
    await writeFile(conf, `${lines.join("\n")}\n`);
    return Balancer.#started(port, "/usr/sbin/nginx", ["-e", "stderr", "-c", conf]);
  }

  static async #started(port: number, command: string, args: readonly string[]): Promise<Balancer> {
    const child = await Child.start(command, args);
    try {
      await accepting(child, { host: "127.0.0.1", port });
      return new Balancer(port, child);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }
}

/** The example with the changes in it, each of which must mean something in it. */
async function changed(example: string, changes: Changes): Promise<string> {
  let text = await readFile(examples + example, "utf8");
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `${example} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
