import { access } from "node:fs/promises";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import type { Picture } from "./picture.ts";
import { accepting } from "./tcp.ts";
import { TempDir } from "./temp-dir.ts";
import { until } from "./until.ts";
import type { Endpoint, VncServer } from "./vnc-server.ts";
import { VirtualDisplay } from "./virtual-display.ts";
import { XDisplay } from "./x-display.ts";

/** An X screen with a terminal on it, shared by VNC. */
export class XVncServer implements VncServer {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly display: XDisplay;
  /** The folder that the terminal's shell is in. */
  readonly directory: string;
  readonly #owned: AsyncDisposableStack;
  readonly #server: Child;

  private constructor(
    name: string,
    endpoint: Endpoint,
    display: XDisplay,
    directory: string,
    owned: AsyncDisposableStack,
    server: Child,
  ) {
    this.name = name;
    this.endpoint = endpoint;
    this.display = display;
    this.directory = directory;
    this.#owned = owned;
    this.#server = server;
  }

  /**
   * Starts TigerVNC's X server, which is the VNC server too.
   *
   * @param security - its options that say what it asks of viewers
   * @param address - of this machine, where it listens
   */
  static async tigervnc(
    kind: "tcp" | "unix" = "tcp",
    security: readonly string[] = ["-SecurityTypes", "None"],
    address = "127.0.0.1",
  ): Promise<XVncServer> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const socketPath = directory.file("rfb.sock");
    const port = kind === "tcp" ? await freePort() : -1;
    const where = kind === "tcp" ? ["-interface", address] : ["-rfbunixpath", socketPath];
    const server = owned.use(
      await Child.start("Xtigervnc", [
        ...["-displayfd", "1", ...security, "-rfbport", String(port), ...where],
        ...["-geometry", "800x600", "-depth", "24", "-AlwaysShared"],
      ]),
    );
    const display = new XDisplay(`:${(await server.printed(/^(\d+)\n/)).at(1) ?? ""}`);
    await accepting(server, kind === "tcp" ? { host: address, port } : { path: socketPath });
    owned.use(await display.startTerminal(directory.path));
    const endpoint =
      kind === "tcp" ? { host: address, port } : { host: `unix:${socketPath}`, port: 0 };
    return new XVncServer("Xtigervnc", endpoint, display, directory.path, owned.move(), server);
  }

  /**
   * Starts x11vnc on a screen of Xvfb.
   *
   * @param security - its options that say what it asks of viewers
   */
  static async x11vnc(security: readonly string[] = ["-nopw"]): Promise<XVncServer> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const display = owned.use(await VirtualDisplay.start(800, 600));
    owned.use(await display.startTerminal(directory.path));
    const port = await freePort();
    const server = owned.use(
      await Child.start("x11vnc", [
        ...["-display", display.name, "-rfbport", String(port), "-listen", "127.0.0.1", "-no6"],
        ...["-forever", "-shared", ...security, "-noxdamage", "-nocursor"],
      ]),
    );
    await server.printed(/PORT=\d+/);
    const endpoint = { host: "127.0.0.1", port };
    return new XVncServer("x11vnc", endpoint, display, directory.path, owned.move(), server);
  }

  /** What the server has printed. */
  get log(): string {
    return this.#server.stdout + this.#server.stderr;
  }

  truth(): Promise<Picture> {
    return this.display.picture();
  }

  /** Waits until what was typed in the terminal has made a file of this name. */
  async fileMade(name: string): Promise<void> {
    await until(`the typed command to make ${name}`, () =>
      access(`${this.directory}/${name}`).then(
        () => true,
        () => false,
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
