import { writeFile } from "node:fs/promises";
import type { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { Installation } from "../installation.ts";
import { RfbViewer } from "../rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "../scripted-backend.ts";
import { accepting } from "../tcp.ts";
import { openWebSocket } from "../web-socket-viewer.ts";
import { openXvp } from "../xvp-viewer.ts";
import { RedisServer } from "./redis-server.ts";

const SECRET = "secret-of-the-HTTP-API";

/** A consoleauth that serves its HTTP API. */
export interface Consoleauth {
  readonly child: Child;
  readonly port: number;
}

/** What one of them is asked for. */
export interface WantedConsole {
  readonly instance_uuid: string;
  readonly console_type: "novnc" | "xvpvnc";
}

/** Both proxies and any number of consoleauths on one Redis, and a backend that echoes. */
export class RedisStage implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly installation: Installation;
  readonly backend: ScriptedBackend;
  readonly #owned: AsyncDisposableStack;
  readonly #signal: AbortSignal;

  private constructor(
    parts: { redis: RedisServer; installation: Installation; backend: ScriptedBackend },
    owned: AsyncDisposableStack,
    signal: AbortSignal,
  ) {
    this.redis = parts.redis;
    this.installation = parts.installation;
    this.backend = parts.backend;
    this.#owned = owned;
    this.#signal = signal;
  }

  static async start(signal: AbortSignal): Promise<RedisStage> {
    await using owned = new AsyncDisposableStack();
    const redis = owned.use(await RedisServer.start());
    const backend = owned.use(
      await ScriptedBackend.start({
        run: (socket) => {
          socket.on("data", (bytes) => socket.write(bytes));
          return endedByProxy(socket);
        },
      }),
    );
    const redisUrl = `redis://127.0.0.1:${redis.port}/0`;
    const installation = owned.use(
      await Installation.running({
        conf: {
          console_proxy: {
            token_store: "redis",
            redis_url: redisUrl,
            connect_timeout: 10,
            max_sessions_per_token: 1000,
          },
        },
      }),
    );
    await writeFile(installation.directory.file("secret"), `${SECRET}\n`, { mode: 0o600 });
    return new RedisStage({ redis, installation, backend }, owned.move(), signal);
  }

  async startConsoleauth(): Promise<Consoleauth> {
    const port = await freePort();
    const child = await this.installation.startConsoleauth([
      ...["--consoleauth-api_listen", `127.0.0.1:${port}`],
      ...["--consoleauth-api_secret_file", this.installation.directory.file("secret")],
    ]);
    await accepting(child, { host: "127.0.0.1", port });
    return { child, port };
  }

  /** Has a token minted for the backend. */
  async authorize(from: Consoleauth, wanted: WantedConsole): Promise<string> {
    const answer = await ask(from, "POST", "/v1/consoles", { ...wanted, ...this.backend.endpoint });
    const { token } = answer as { token: string };
    return token;
  }

  /** Makes an instance's tokens worthless. @returns how many were good */
  async revokeInstance(from: Consoleauth, uuid: string): Promise<number> {
    const answer = await ask(from, "DELETE", `/v1/instances/${uuid}/consoles`);
    const { revoked } = answer as { revoked: number };
    return revoked;
  }

  /** Opens a console on 6080. @throws RfbRefusedError with the reason */
  async openNovnc(token: string): Promise<RfbViewer> {
    const url = new URL(`ws://127.0.0.1:${this.installation.novncPort}/?token=${token}`);
    const { channel } = await openWebSocket(url);
    this.#owned.defer(() => {
      channel.destroy();
    });
    return RfbViewer.open(channel, this.#signal);
  }

  /** Opens a console on 6081. @returns the HTTP status if it is refused */
  async openXvp(token: string): Promise<RfbViewer | number> {
    const url = new URL(`http://127.0.0.1:${this.installation.xvpPort}/console?token=${token}`);
    const { status, channel } = await openXvp({ method: "CONNECT", url }, this.#signal);
    this.#owned.defer(() => {
      channel.destroy();
    });
    return status === 200 ? RfbViewer.open(channel, this.#signal) : status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** The HTTP API; any answer but a good one fails the test. */
async function ask(
  { port }: Consoleauth,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
