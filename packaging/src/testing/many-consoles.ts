import { randomUUID } from "node:crypto";
import {
  endedByProxy,
  openWebSocket,
  RfbViewer,
  ScriptedBackend,
  webSocketUrl,
} from "@nova-console/test/support";
import type { SystemdMachine } from "./systemd-machine.ts";

const OPENING_LIMIT_MS = 10_000;

/** Consoles in viewers on this machine, through the nova-novncproxy of that one, of an instance that echoes. */
export class ManyConsoles implements AsyncDisposable {
  readonly #backend: ScriptedBackend;
  readonly #url: URL;
  readonly #viewers: RfbViewer[] = [];

  private constructor(backend: ScriptedBackend, url: URL) {
    this.#backend = backend;
    this.#url = url;
  }

  /** Makes a token for all of them: `max_sessions_per_token` bounds how many can be open. */
  static async create(machine: SystemdMachine): Promise<ManyConsoles> {
    const backend = await ScriptedBackend.start(
      {
        run: (socket) => {
          socket.on("data", (bytes) => socket.write(bytes));
          return endedByProxy(socket);
        },
      },
      machine.hostAddress,
    );
    const { host, port } = backend.endpoint;
    const printed = await machine.output(
      ...["runuser", "-u", "nova", "--", "nova-consoleauth", "authorize"],
      ...["--instance", randomUUID(), "--host", host, "--port", String(port)],
    );
    return new ManyConsoles(backend, webSocketUrl(new URL(printed.trim())));
  }

  /** Opens some more. */
  async open(count: number): Promise<void> {
    for (let opened = 0; opened < count; opened++) this.#viewers.push(await this.#open());
  }

  /** Opens one more, uses it, and closes it. @returns whether all of that worked */
  async canOpen(): Promise<boolean> {
    try {
      const viewer = await this.#open();
      await echo(viewer);
      viewer.channel.destroy();
      return true;
    } catch {
      return false;
    }
  }

  /** Types something in each console that was opened. @returns how many of them answered */
  async alive(): Promise<number> {
    const answers = await Promise.allSettled(this.#viewers.map(echo));
    return answers.filter(({ status }) => status === "fulfilled").length;
  }

  async #open(): Promise<RfbViewer> {
    const { channel } = await openWebSocket(this.#url, { handshakeTimeout: OPENING_LIMIT_MS });
    const limit = new AbortController();
    const timer = setTimeout(() => {
      limit.abort();
    }, OPENING_LIMIT_MS);
    try {
      return await RfbViewer.open(channel, limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { channel } of this.#viewers) channel.destroy();
    await this.#backend[Symbol.asyncDispose]();
  }
}

async function echo(viewer: RfbViewer): Promise<void> {
  viewer.typeKey(0x61);
  await viewer.readExact(16);
}
