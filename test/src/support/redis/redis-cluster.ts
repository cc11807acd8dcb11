import { freePort } from "../free-port.ts";
import { until } from "../until.ts";
import { RedisServer } from "./redis-server.ts";

const SLOTS = 16_384;
const MASTERS = 3;

/** A Cluster of three masters. */
export class RedisCluster implements AsyncDisposable {
  readonly nodes: readonly RedisServer[];
  /** As `[console_proxy] redis_url` has it: one node is named, the others are found. */
  readonly url: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(nodes: readonly RedisServer[], owned: AsyncDisposableStack) {
    this.nodes = nodes;
    this.#owned = owned;
    this.url = `redis+cluster://127.0.0.1:${nodes[0]?.port ?? 0}`;
  }

  static async start(): Promise<RedisCluster> {
    await using owned = new AsyncDisposableStack();
    const nodes: RedisServer[] = [];
    const share = Math.ceil(SLOTS / MASTERS);
    for (let number = 0; number < MASTERS; number++) {
      const busPort = await freePort();
      const node = owned.use(
        await RedisServer.start({
          args: ["--cluster-enabled", "yes", "--cluster-port", `${busPort}`],
        }),
      );
      const last = Math.min((number + 1) * share, SLOTS) - 1;
      await node.cli("CLUSTER", "SET-CONFIG-EPOCH", `${number + 1}`);
      await node.cli("CLUSTER", "ADDSLOTSRANGE", `${number * share}`, `${last}`);
      await nodes[0]?.cli("CLUSTER", "MEET", node.host, `${node.port}`, `${busPort}`);
      nodes.push(node);
    }
    const cluster = new RedisCluster(nodes, owned.move());
    for (const node of nodes) {
      await until("the Cluster to be whole", async () => {
        const info = await node.cli("CLUSTER", "INFO");
        return info.includes("cluster_state:ok") && info.includes(`cluster_size:${MASTERS}`);
      });
    }
    return cluster;
  }

  /** The node that has a key. */
  async ownerOf(key: string): Promise<RedisServer> {
    const slot = Number(await this.nodes[0]?.cli("CLUSTER", "KEYSLOT", key));
    const owner = this.nodes[Math.floor(slot / Math.ceil(SLOTS / MASTERS))];
    if (owner === undefined) throw new Error("nobody has this slot");
    return owner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
