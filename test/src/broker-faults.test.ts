import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BrokerUnavailableError, RpcClient, RpcServer } from "@nova-console/oslo-messaging";
import { FaultyNetwork } from "./support/faulty-network.ts";
import { RabbitMq } from "./support/nova/rabbit-mq.ts";
import { rpcOptionsFor } from "./support/nova/rpc-options.ts";
import { until } from "./support/until.ts";

const TIMEOUT = { timeout: 120_000 };
const OPENS = 40;
const patience = { timeoutMs: 10_000 };
const target = { topic: "compute", server: "host1", version: "2.0" };
/** A broker that confirms nothing and sends nothing is given up after 5 s. */
const SILENCE_MS = 5_000;

/** What was logged, a line each. */
class Log {
  readonly lines: string[] = [];
  readonly info = (message: string, fields?: object): void => {
    this.#add(message, fields);
  };
  readonly warn = this.info;

  #add(message: string, fields: object = {}): void {
    this.lines.push(`${message} ${JSON.stringify(fields)}`);
  }
}

function serve(url: string): Promise<RpcServer> {
  return RpcServer.serve(rpcOptionsFor(url), {
    topic: target.topic,
    server: target.server,
    endpoints: { echo: (args) => Promise.resolve(args) },
    versions: ["2.1"],
  });
}

describe("RpcClient and RpcServer when RabbitMQ has a fault", { timeout: 5 * 120_000 }, () => {
  const owned = new AsyncDisposableStack();
  let rabbit: RabbitMq;
  before(async () => {
    rabbit = owned.use(await RabbitMq.start());
    owned.use(await serve(rabbit.url));
  });
  after(() => owned.disposeAsync());

  const call = (client: RpcClient, number: number): Promise<unknown> =>
    client.call(target, "echo", { number }, patience);

  it("gets every answer once a half-open connection was made anew", TIMEOUT, async () => {
    await using network = await FaultyNetwork.start(rabbit.port);
    const url = rabbit.url.replace(`:${rabbit.port}/`, `:${network.port}/`);
    await using client = await RpcClient.connect(rpcOptionsFor(url));
    assert.deepEqual(await call(client, 0), { number: 0 });

    network.loseConnections();
    const begun = performance.now();
    await assert.rejects(call(client, 1), (error: Error) => {
      return (
        error instanceof BrokerUnavailableError && /sent nothing for 5000 ms/.test(error.message)
      );
    });
    const noticed = performance.now() - begun;
    assert.ok(noticed < SILENCE_MS + 2_000, `it was noticed after ${noticed} ms`);

    // The broker still holds the first connection for alive.
    const answers = Array.from({ length: OPENS }, (_, number) => call(client, number));
    const failed = (await Promise.allSettled(answers)).filter((each) => each.status === "rejected");
    assert.equal(failed.length, 0);
    assert.equal(network.connections, 2);
  });

  it(
    "answers every request while the broker still holds its last connection for alive",
    TIMEOUT,
    async () => {
      await using cell = await RabbitMq.start();
      await using network = await FaultyNetwork.start(cell.port);
      const url = cell.url.replace(`:${cell.port}/`, `:${network.port}/`);
      await using server = new AsyncDisposableStack();
      server.use(await serve(url));
      await using client = await RpcClient.connect(rpcOptionsFor(cell.url));
      assert.deepEqual(await call(client, 0), { number: 0 });

      network.resetClients();
      await until("the server to have both consumers", async () =>
        (await cell.ctl("list_queues", "name", "consumers")).includes("compute.host1\t2"),
      );
      const answers = Array.from({ length: OPENS }, (_, number) => call(client, number));
      const failed = (await Promise.allSettled(answers)).filter(
        (each) => each.status === "rejected",
      );
      assert.equal(failed.length, 0);
    },
  );

  it(
    "notices within heartbeat_timeout_threshold that a broker sends nothing",
    TIMEOUT,
    async () => {
      await using network = await FaultyNetwork.start(rabbit.port);
      const url = `${rabbit.url.replace(`:${rabbit.port}/`, `:${network.port}/`)}?heartbeat_timeout_threshold=3`;
      await using client = await RpcClient.connect(rpcOptionsFor(url));
      network.loseConnections();
      const begun = performance.now();
      await until("the client to connect again", () => network.connections === 2);
      const noticed = performance.now() - begun;
      // The rest is the machine's.
      assert.ok(noticed < 3_000 + 1_500, `it was noticed after ${noticed} ms`);
      await until("calls to work", () => call(client, 0).catch(() => null));
    },
  );

  it("leaves no reply queue behind", TIMEOUT, async () => {
    const queues = async (): Promise<number> =>
      (await rabbit.ctl("list_queues", "name")).split("\n").filter((each) => /^reply_/.test(each))
        .length;
    const before = await queues();
    await using network = await FaultyNetwork.start(rabbit.port);
    const url = rabbit.url.replace(`:${rabbit.port}/`, `:${network.port}/`);
    await using client = await RpcClient.connect(rpcOptionsFor(url));
    network.cutConnections();
    await until("calls to work", () => call(client, 0).catch(() => null));
    assert.equal(await queues(), before + 1);
  });

  it("says at once that an alarm blocks publishers, and goes on after it", TIMEOUT, async () => {
    const log = new Log();
    await using client = await RpcClient.connect({ ...rpcOptionsFor(rabbit.url), log });
    assert.deepEqual(await call(client, 0), { number: 0 });
    await rabbit.ctl("set_vm_memory_high_watermark", "0.0000001");
    const blocked = {
      code: "RPC_ERR_BROKER_UNAVAILABLE",
      message: /memory alarm \(low on memory\)/,
    };
    for (let number = 0; number < 3; number++) {
      const begun = performance.now();
      await assert.rejects(call(client, number), blocked);
      const took = performance.now() - begun;
      assert.ok(took < 1_000, `it was refused after ${took} ms`);
    }
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0] ?? "", /takes no messages .*127\.0\.0\.1.*memory alarm/);
    await rabbit.ctl("set_vm_memory_high_watermark", "0.6");
    await until("calls to work", () => call(client, 0).catch(() => null));
    assert.match(log.lines[1] ?? "", /takes messages again/);
  });

  it("passes on the broker's reason where a permission is missing", TIMEOUT, async () => {
    await rabbit.ctl("add_user", "nova", "s3cret");
    const url = rabbit.url.replace("guest:guest", "nova:s3cret");
    for (const [permissions, reason] of [
      [null, /refuses virtual host '\/' to user 'nova': the user has no permissions for it/],
      [["^$", ".*", ".*"], /ACCESS.REFUSED.*access to exchange 'nova'.*refused for user 'nova'/],
      [[".*", "^$", ".*"], /ACCESS.REFUSED.*access to exchange 'nova'.*refused for user 'nova'/],
      [[".*", ".*", "^$"], /ACCESS.REFUSED.*access to queue 'reply_.*refused for user 'nova'/],
    ] as const) {
      if (permissions === null)
        await rabbit.ctl("clear_permissions", "-p", "/", "nova").catch(() => "");
      else await rabbit.ctl("set_permissions", "-p", "/", "nova", ...permissions);
      const log = new Log();
      await using client = await RpcClient.connect({ ...rpcOptionsFor(url), log });
      await assert.rejects(call(client, 0), (error: Error) => {
        assert.ok(error instanceof BrokerUnavailableError);
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      });
      assert.match(log.lines[0] ?? "", reason);
    }
  });

  it("says of a call that times out where it was sent", TIMEOUT, async () => {
    await using silent = new AsyncDisposableStack();
    const service = await RpcServer.serve(rpcOptionsFor(rabbit.url), {
      ...{ topic: "silent", server: "host2", versions: ["2.0"] },
      endpoints: { echo: () => new Promise(() => undefined) },
    });
    silent.use(service);
    await using client = await RpcClient.connect(rpcOptionsFor(rabbit.url));
    const to = { topic: "silent", server: "host2", version: "2.0" };
    await assert.rejects(client.call(to, "echo", {}, { timeoutMs: 200 }), {
      code: "RPC_ERR_TIMEOUT",
      message: `echo for silent.host2 at rabbit://127.0.0.1:${rabbit.port}/ was not answered within 200 ms`,
    });
  });

  it("dials a broker that refuses it less and less often", TIMEOUT, async () => {
    await using network = await FaultyNetwork.start(rabbit.port);
    const url = rabbit.url
      .replace(`:${rabbit.port}/`, `:${network.port}/`)
      .replace("guest:guest", "guest:wrong");
    const begun = performance.now();
    await using client = await RpcClient.connect(rpcOptionsFor(url));
    await until("seven attempts", () => network.connections === 7);
    const took = performance.now() - begun;
    // The pauses are 50 ms, 100 ms and so on; none was above 500 ms before.
    assert.ok(took > 3_100, `it took ${took} ms`);
    assert.equal(client.isConnected, false);
  });
});
