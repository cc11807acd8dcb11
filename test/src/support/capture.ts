import { readFile } from "node:fs/promises";
import { Child } from "./child.ts";
import { TempDir } from "./temp-dir.ts";

/** Listens in on a TCP port of the loopback interface; that needs to be root. */
export class Capture implements AsyncDisposable {
  readonly #tcpdump: Child;
  readonly #directory: TempDir;

  private constructor(tcpdump: Child, directory: TempDir) {
    this.#tcpdump = tcpdump;
    this.#directory = directory;
  }

  static async start(port: number): Promise<Capture> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const tcpdump = owned.use(
      await Child.start("tcpdump", [
        ...["-i", "lo", "-n", "-s", "0", "--immediate-mode", "-U", "-Z", "root"],
        ...["-w", directory.file("packets"), `tcp port ${port}`],
      ]),
    );
    await tcpdump.printed(/listening on lo/);
    owned.move();
    return new Capture(tcpdump, directory);
  }

  /** Ends it. @returns every packet's bytes */
  async stop(): Promise<Buffer> {
    await this.#tcpdump.stop("SIGINT");
    return readFile(this.#directory.file("packets"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tcpdump[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }
}
