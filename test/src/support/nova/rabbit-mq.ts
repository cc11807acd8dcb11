import { writeFile } from "node:fs/promises";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { accepting } from "../tcp.ts";
import { TempDir } from "../temp-dir.ts";

// Debian's wrapper in /usr/sbin would change the user.
const PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** A RabbitMQ of its own, with its own port mapper, gone with its scope. */
export class RabbitMq implements AsyncDisposable {
  /** As oslo.messaging and nova.conf's `transport_url` have it. */
  readonly url: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(url: string, owned: AsyncDisposableStack) {
    this.url = url;
    this.#owned = owned;
  }

  static async start(): Promise<RabbitMq> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const [port, mapperPort] = [await freePort(), await freePort()];
    const mapper = owned.use(
      await Child.start("epmd", ["-address", "127.0.0.1", "-port", String(mapperPort)]),
    );
    await accepting(mapper, { host: "127.0.0.1", port: mapperPort });
    await writeFile(directory.file("rabbitmq.conf"), `listeners.tcp.1 = 127.0.0.1:${port}\n`);
    await writeFile(directory.file("enabled_plugins"), "[].\n");
    const child = owned.use(
      await Child.start(PROGRAM, [], await environment(directory, mapperPort)),
    );
    await accepting(child, { host: "127.0.0.1", port });
    return new RabbitMq(`rabbit://guest:guest@127.0.0.1:${port}/`, owned.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Everything that it would otherwise keep in /etc, /var and the user's home. @see rabbitmq-env.conf(5) */
async function environment(
  directory: TempDir,
  mapperPort: number,
): Promise<Record<string, string>> {
  return {
    HOME: directory.path,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_EPMD_PORT: String(mapperPort),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_CONFIG_FILE: directory.file("rabbitmq"),
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_ENABLED_PLUGINS_FILE: directory.file("enabled_plugins"),
    RABBITMQ_LOG_BASE: directory.file("log"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_MNESIA_BASE: directory.file("mnesia"),
    RABBITMQ_NODENAME: "cell@localhost",
    // The server itself, and not a shell that starts it as another user's service.
    RABBITMQ_RUNNING_UNDER_SYSTEMD: "1",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
  };
}
