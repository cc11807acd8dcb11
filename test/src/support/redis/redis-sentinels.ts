import { writeFile } from "node:fs/promises";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { output } from "../run.ts";
import { TempDir } from "../temp-dir.ts";
import { until } from "../until.ts";
import { RedisServer } from "./redis-server.ts";

const SENTINELS = 3;
const QUORUM = 2;
const MASTER = "mymaster";

/** A master, its replica, and three Sentinels that watch over them. */
export class RedisSentinels implements AsyncDisposable {
  /** As `[console_proxy] redis_url` has it. */
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    servers: { readonly master: RedisServer; readonly replica: RedisServer },
    ports: readonly number[],
    owned: AsyncDisposableStack,
  ) {
    this.master = servers.master;
    this.replica = servers.replica;
    this.#owned = owned;
    this.url = `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${MASTER}/0`;
  }

  static async start(): Promise<RedisSentinels> {
    await using owned = new AsyncDisposableStack();
    const master = owned.use(await RedisServer.start());
    const replica = owned.use(
      await RedisServer.start({ args: ["--replicaof", master.host, `${master.port}`] }),
    );
    const directory = owned.use(await TempDir.create());
    const ports: number[] = [];
    for (let number = 0; number < SENTINELS; number++) {
      const port = await freePort();
      const file = directory.file(`sentinel-${number}.conf`);
      await writeFile(
        file,
        [
          `port ${port}`,
          "bind 127.0.0.1",
          `dir ${directory.path}`,
          `sentinel monitor ${MASTER} ${master.host} ${master.port} ${QUORUM}`,
          `sentinel down-after-milliseconds ${MASTER} 1000`,
          `sentinel failover-timeout ${MASTER} 10000`,
          "",
        ].join("\n"),
      );
      const child = owned.use(await Child.start("redis-sentinel", [file]));
      await child.printed(/Sentinel ID is/);
      ports.push(port);
    }
    const sentinels = new RedisSentinels({ master, replica }, ports, owned.move());
    await until("the Sentinels to know each other and the replica", async () => {
      const states = await Promise.all(ports.map((port) => sentinels.#state(port)));
      return states.every(
        (state) =>
          state.includes(`num-other-sentinels\n${SENTINELS - 1}\n`) &&
          state.includes("num-slaves\n1\n"),
      );
    });
    await until("the replica to follow", async () =>
      (await replica.cli("INFO", "replication")).includes("master_link_status:up"),
    );
    return sentinels;
  }

  /** Kills the master. */
  async killMaster(): Promise<void> {
    await this.master.kill();
  }

  /** Waits until the replica was made the master. */
  async promoted(): Promise<void> {
    await until("the replica to be promoted", async () =>
      (await this.replica.cli("ROLE")).startsWith("master"),
    );
  }

  async #state(port: number): Promise<string> {
    const answer = await output("redis-cli", ["-p", `${port}`, "SENTINEL", "MASTER", MASTER]);
    return answer.toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
