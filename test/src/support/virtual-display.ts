import { Child } from "./child.ts";
import { XDisplay } from "./x-display.ts";

/** A screen of Xvfb: nobody sees it. */
export class VirtualDisplay extends XDisplay implements AsyncDisposable {
  readonly #server: Child;

  private constructor(name: string, server: Child) {
    super(name);
    this.#server = server;
  }

  static async start(width: number, height: number): Promise<VirtualDisplay> {
    await using owned = new AsyncDisposableStack();
    const screen = ["-screen", "0", `${width}x${height}x24`];
    const server = owned.use(
      await Child.start("Xvfb", ["-displayfd", "1", ...screen, "-nolisten", "tcp"]),
    );
    const name = `:${(await server.printed(/^(\d+)\n/)).at(1) ?? ""}`;
    owned.move();
    return new VirtualDisplay(name, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
