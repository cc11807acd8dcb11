import { writeFile } from "node:fs/promises";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { output } from "../run.ts";
import { accepting } from "../tcp.ts";
import { TempDir } from "../temp-dir.ts";

// Debian's wrapper in /usr/sbin would change the user.
const PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl";

/** A RabbitMQ of another Debian release than this machine's. */
export interface OtherRelease {
  /** Its root file system. */
  readonly root: string;
  /** Lines of rabbitmq.conf. */
  readonly settings: readonly string[];
}

/** PEM files of a broker that speaks TLS. */
export interface RabbitMqTls {
  readonly certPath: string;
  readonly keyPath: string;
}

/** A RabbitMQ of its own, with its own port mapper, gone with its scope. */
export class RabbitMq implements AsyncDisposable {
  /** As oslo.messaging and nova.conf's `transport_url` have it. */
  readonly url: string;
  readonly port: number;
  readonly #environment: Record<string, string>;
  readonly #owned: AsyncDisposableStack;
  readonly #other: OtherRelease | null;
  #server: Child | null = null;

  private constructor(
    port: number,
    environment_: Record<string, string>,
    owned: AsyncDisposableStack,
    other: OtherRelease | null,
  ) {
    this.url = `rabbit://guest:guest@127.0.0.1:${port}/`;
    this.port = port;
    this.#environment = environment_;
    this.#owned = owned;
    this.#other = other;
  }

  /**
   * @param tls - its only port speaks TLS then
   * @param other - whose broker to run instead of this machine's; needs root
   */
  static async start(tls?: RabbitMqTls, other: OtherRelease | null = null): Promise<RabbitMq> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const [port, mapperPort] = [await freePort(), await freePort()];
    const mapper = owned.use(
      await Child.start("epmd", ["-address", "127.0.0.1", "-port", String(mapperPort)]),
    );
    await accepting(mapper, { host: "127.0.0.1", port: mapperPort });
    const lines = [...configuration(port, tls), ...(other?.settings ?? [])];
    await writeFile(directory.file("rabbitmq.conf"), `${lines.join("\n")}\n`);
    await writeFile(directory.file("enabled_plugins"), "[].\n");
    const rabbit = new RabbitMq(
      port,
      await environment(directory, mapperPort),
      owned.move(),
      other,
    );
    try {
      await rabbit.resume();
    } catch (error) {
      await rabbit[Symbol.asyncDispose]();
      throw error;
    }
    return rabbit;
  }

  /** Ends the broker as a crash would; what is durable stays. */
  async kill(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = null;
  }

  /** Starts it again on the same port, and waits until it accepts connections. */
  async resume(): Promise<void> {
    const [program = PROGRAM, ...args] = within(this.#other, PROGRAM);
    this.#server = await Child.start(program, args, this.#environment);
    await accepting(this.#server, { host: "127.0.0.1", port: this.port });
  }

  /** Runs `rabbitmqctl`, as an operator would: some seconds. @returns what it printed */
  async ctl(...args: readonly string[]): Promise<string> {
    const [program = CONTROL, ...before] = within(this.#other, CONTROL);
    const printed = await output(program, [...before, "--quiet", ...args], this.#environment);
    return printed.toString().trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#owned.disposeAsync();
  }
}

/** A command line that runs a program in another release. Its temporary folder is this machine's. */
function within(other: OtherRelease | null, program: string): string[] {
  if (other === null) return [program];
  const script =
    'for each in proc dev tmp; do mount --rbind "/$each" "$0/$each" || exit 1; done; exec chroot "$0" "$@"';
  return ["unshare", "--mount", "sh", "-c", script, other.root, program];
}

function configuration(port: number, tls: RabbitMqTls | undefined): string[] {
  if (tls === undefined) return [`listeners.tcp.1 = 127.0.0.1:${port}`];
  return [
    "listeners.tcp = none",
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.certfile = ${tls.certPath}`,
    `ssl_options.keyfile = ${tls.keyPath}`,
  ];
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
