import { writeFile } from "node:fs/promises";
import { Child } from "./child.ts";
import { missingFraction } from "./picture.ts";
import { TempDir } from "./temp-dir.ts";
import { until } from "./until.ts";
import { VirtualDisplay } from "./virtual-display.ts";
import type { VncServer } from "./vnc-server.ts";

/** What lossy encodings and a cursor may change; a screen that is not the right one differs in far more. */
const LIKENESS = 0.01;
/** Lets a program believe in another home than the user's, which gtk-vnc asks the user's record for. */
const NSS_WRAPPER = "libnss_wrapper.so";

/** A screen and a home for a viewer, with nothing else on it and nobody's settings in it. */
export class Desktop implements AsyncDisposable {
  readonly display: VirtualDisplay;
  readonly home: TempDir;
  readonly #owned: AsyncDisposableStack;
  readonly #programs: Child[] = [];

  private constructor(display: VirtualDisplay, home: TempDir, owned: AsyncDisposableStack) {
    this.display = display;
    this.home = home;
    this.#owned = owned;
  }

  static async create(): Promise<Desktop> {
    await using owned = new AsyncDisposableStack();
    const home = owned.use(await TempDir.create());
    await writeFile(
      home.file("passwd"),
      `someone:x:${process.getuid?.() ?? 0}:0::${home.path}:/bin/sh\n`,
    );
    await writeFile(home.file("group"), "someone:x:0:\n");
    const display = owned.use(await VirtualDisplay.start(1024, 768));
    return new Desktop(display, home, owned.move());
  }

  /** Starts a program on it, which ends with it. */
  async start(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    const child = await Child.start(command, args, {
      ...this.display.environment,
      HOME: this.home.path,
      LD_PRELOAD: NSS_WRAPPER,
      NSS_WRAPPER_PASSWD: this.home.file("passwd"),
      NSS_WRAPPER_GROUP: this.home.file("group"),
      ...environment,
    });
    this.#programs.push(child);
    return this.#owned.use(child);
  }

  /** Waits until what `server` shows can be seen somewhere on it. */
  async shows(server: VncServer): Promise<void> {
    await until(
      `the viewer's screen to show ${server.name}'s`,
      async () => {
        const [seen, truth] = await Promise.all([this.display.picture(), server.truth()]);
        return missingFraction(seen, truth) <= LIKENESS;
      },
      20_000,
    ).catch((error: unknown) => {
      // What its programs said is all that tells why.
      const said = this.#programs.map(({ stdout, stderr }) => stdout + stderr).join("\n");
      throw new Error(`${error instanceof Error ? error.message : String(error)}:\n${said}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
