import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { RpcClient } from "@nova-console/oslo-messaging";
import { openTokenStore, type Token, type TokenAuthority } from "@nova-console/token";
import { openRedisTokenStore } from "@nova-console/token-store-redis";
import { SqlTokenStore } from "@nova-console/token-store-sql";
import type { Child } from "./child.ts";
import { FaultyNetwork } from "./faulty-network.ts";
import { Installation } from "./installation.ts";
import { MariaDb } from "./nova/maria-db.ts";
import { Postgres } from "./nova/postgres.ts";
import { RabbitMq } from "./nova/rabbit-mq.ts";
import { rpcOptionsFor } from "./nova/rpc-options.ts";
import type { NovaConf } from "./nova-conf.ts";
import { RedisServer } from "./redis/redis-server.ts";

/** Where tokens can be kept. */
export const storeKinds = ["MariaDB", "PostgreSQL", "SQLite", "Redis"] as const;

/** One of {@link storeKinds}. */
export type StoreKind = (typeof storeKinds)[number];

/** As nova has it, as far as tokens go. @see ../shared/reference/schema.sql */
const TABLE = `CREATE TABLE console_auth_tokens (created_at TIMESTAMP NULL, updated_at TIMESTAMP NULL, id ID PRIMARY KEY,
  token_hash VARCHAR(255) NOT NULL UNIQUE, console_type VARCHAR(255) NOT NULL, host VARCHAR(255) NOT NULL,
  port INTEGER NOT NULL, internal_access_path VARCHAR(255), instance_uuid VARCHAR(36) NOT NULL,
  expires INTEGER NOT NULL, access_url_base VARCHAR(255))`;
const INDEX =
  "CREATE INDEX console_auth_tokens_instance_uuid_idx ON console_auth_tokens (instance_uuid)";
const BATCH = 50;
const TOKENS_PER_HOST = 50_000;
const FIRST_PORT = 10_000;
const CONNECT_TIMEOUT_MS = 20_000;
const SHARED_CONF = { database: { max_pool_size: 5 } };

/** A store for {@link RevocationStage}: how it is reached, and how it goes and comes back. */
interface StoreUnderTest {
  readonly store: TokenAuthority;
  readonly conf: NovaConf;
  readonly network: FaultyNetwork | null;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** nova-consoleauth with a broker and a store that can be slow and go away, and a nova-api that casts to it. */
export class RevocationStage implements AsyncDisposable {
  readonly rabbit: RabbitMq;
  readonly client: RpcClient;
  readonly installation: Installation;
  readonly #under: StoreUnderTest;
  readonly #owned: AsyncDisposableStack;
  #minted = 0;
  #consoleauth: Child | null = null;

  private constructor(
    rabbit: RabbitMq,
    client: RpcClient,
    installation: Installation,
    under: StoreUnderTest,
    owned: AsyncDisposableStack,
  ) {
    this.rabbit = rabbit;
    this.client = client;
    this.installation = installation;
    this.#under = under;
    this.#owned = owned;
  }

  static async start(kind: StoreKind): Promise<RevocationStage> {
    await using owned = new AsyncDisposableStack();
    const rabbit = owned.use(await RabbitMq.start());
    const installation = owned.use(
      await Installation.create({ conf: { DEFAULT: { transport_url: rabbit.url } } }),
    );
    const under = await openers[kind](owned, installation);
    owned.defer(() => under.store.close());
    const client = owned.use(await RpcClient.connect(rpcOptionsFor(rabbit.url)));
    const stage = new RevocationStage(rabbit, client, installation, under, owned.move());
    await stage.startConsoleauth();
    return stage;
  }

  /** Where tokens are, asked past the faults of the network. */
  get store(): TokenAuthority {
    return this.#under.store;
  }

  get log(): string {
    return this.installation.log;
  }

  async startConsoleauth(): Promise<void> {
    const conf = Object.entries(this.#under.conf).flatMap(([group, options]) =>
      Object.entries(options).map(([name, value]) => {
        return `--${group === "DEFAULT" ? "" : `${group}-`}${name}=${String(value)}`;
      }),
    );
    this.#consoleauth = await this.installation.startConsoleauth(conf);
    await this.#consoleauth.printed(/RPC at rabbit:/);
  }

  async stopConsoleauth(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#consoleauth?.stop(signal);
  }

  /** Makes tokens, each of an instance of its own. */
  async mint(count: number): Promise<{ readonly token: Token; readonly instance: string }[]> {
    const minted: { token: Token; instance: string }[] = [];
    while (minted.length < count) {
      const batch = Array.from({ length: Math.min(BATCH, count - minted.length) }, async () => {
        const number = this.#minted++;
        const instance = randomUUID();
        const { token } = await this.store.authorize({
          ...{ consoleType: "novnc", internalAccessPath: null, instanceUuid: instance },
          host: `compute${Math.floor(number / TOKENS_PER_HOST)}`,
          port: FIRST_PORT + (number % TOKENS_PER_HOST),
          accessUrlBase: "http://127.0.0.1:6080/vnc_lite.html",
          ttlSeconds: 3_600,
        });
        return { token, instance };
      });
      minted.push(...(await Promise.all(batch)));
    }
    return minted;
  }

  /** As nova-compute does when an instance is deleted: it waits for nothing but the broker. */
  async castDeletes(instances: readonly string[]): Promise<void> {
    const target = { topic: "consoleauth", version: "2.0" };
    await Promise.all(
      instances.map((instance_uuid) =>
        this.client.cast(target, "delete_tokens_for_instance", { instance_uuid }),
      ),
    );
  }

  /** Tokens that still open a console. */
  async goodTokens(): Promise<number> {
    return (await this.store.list()).length;
  }

  /** Each answer of the store takes so much longer from now on; SQLite has no network. */
  slowDown(delayMs: number): void {
    if (this.#under.network !== null) this.#under.network.delayMs = delayMs;
  }

  stopStore(): Promise<void> {
    return this.#under.stop();
  }

  startStore(): Promise<void> {
    return this.#under.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

type Opener = (owned: AsyncDisposableStack, installation: Installation) => Promise<StoreUnderTest>;

const openers: Record<StoreKind, Opener> = {
  MariaDB: async (owned) => openSql(owned, owned.use(await MariaDb.start("nova_cell"))),
  PostgreSQL: async (owned) => openSql(owned, owned.use(await Postgres.start("nova_cell"))),
  SQLite: async (_owned, { directory }) => {
    const store = await openTokenStore({
      ...{ connection: null, statePath: directory.path, now: Date.now },
      connectTimeoutMs: 5_000,
    });
    let locker: DatabaseSync | null = null;
    return {
      // A lock that is waited for longer is no failure yet.
      ...{ store, conf: { console_proxy: { connect_timeout: 2 } }, network: null },
      // What it is for a file to be away: another process holds it.
      stop: () => {
        locker = new DatabaseSync(store.place);
        locker.exec("BEGIN EXCLUSIVE");
        return Promise.resolve();
      },
      start: () => {
        locker?.close();
        return Promise.resolve();
      },
    };
  },
  Redis: async (owned) => {
    const server = owned.use(await RedisServer.start());
    const network = owned.use(await FaultyNetwork.start(server.port));
    const url = (port: number): string => `redis://127.0.0.1:${port}/0`;
    return {
      store: openRedisTokenStore({ url: url(server.port), connectTimeoutMs: CONNECT_TIMEOUT_MS }),
      conf: { console_proxy: { token_store: "redis", redis_url: url(network.port) } },
      network,
      stop: () => server.kill(),
      start: () => server.start(),
    };
  },
};

async function openSql(
  owned: AsyncDisposableStack,
  database: MariaDb | Postgres,
): Promise<StoreUnderTest> {
  const id = database instanceof MariaDb ? "INTEGER AUTO_INCREMENT" : "SERIAL";
  await database.sql(TABLE.replace(" ID ", ` ${id} `));
  await database.sql(INDEX);
  const network = owned.use(await FaultyNetwork.start(database.port));
  const setting = "[database] connection";
  const { url: connection } = database;
  return {
    store: SqlTokenStore.open({ connection, setting, maxPoolSize: 5, now: Date.now }),
    conf: {
      database: {
        ...SHARED_CONF.database,
        connection: connection.replace(`:${database.port}/`, `:${network.port}/`),
      },
    },
    network,
    stop: () => database.stop(),
    start: () => database.restart(),
  };
}
