import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "amqplib";
import {
  BrokerUnavailableError,
  RemoteError,
  RpcClient,
  RpcServer,
  RpcTimeoutError,
  RpcUnroutableError,
} from "@nova-console/oslo-messaging";
import { makeCertificate } from "./support/certificate.ts";
import { OsloClient, OsloServer } from "./support/nova/oslo-rpc.ts";
import { RabbitMq } from "./support/nova/rabbit-mq.ts";
import { rpcOptionsFor } from "./support/nova/rpc-options.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";

const patience = { timeoutMs: 20_000 };
const versions = ["1.2", "2.1"];

describe("RpcClient and RpcServer at a real RabbitMQ", () => {
  let rabbit: RabbitMq;
  before(async () => {
    rabbit = await RabbitMq.start();
  });
  after(() => rabbit[Symbol.asyncDispose]());

  it("calls and casts to oslo.messaging's server", async () => {
    await using oslo = await OsloServer.start(rabbit.url, "compute", "host1");
    await using client = await RpcClient.connect(rpcOptionsFor(rabbit.url));
    const target = { topic: "compute", server: "host1", version: "2.0" };
    const args = { instance: { uuid: "\u{1f5a5} é", list: [1, null] }, port: "5900" };
    assert.deepEqual(await client.call(target, "echo", args, patience), args);
    const any = { topic: "compute", version: "2.1" };
    const context = await client.call(any, "who_asks", {}, patience);
    assert.equal((context as Record<string, unknown>)["is_admin"], true);

    await client.cast(target, "note", { text: "a cast" });
    await until(
      "the cast to arrive",
      async () => JSON.stringify(await oslo.casts()) === '["a cast"]',
    );

    await assert.rejects(
      client.call(target, "refuse", { message: "not ready" }, patience),
      (error) =>
        error instanceof RemoteError &&
        error.remoteClass === "InstanceNotReady" &&
        error.remoteMessage === "not ready",
    );
    await assert.rejects(
      client.call({ ...target, version: "3.0" }, "echo", {}, patience),
      (error) => error instanceof RemoteError && error.remoteClass === "UnsupportedVersion",
    );
  });

  it("fails at once where no such service is, and in time where it does not answer", async () => {
    await using client = await RpcClient.connect(rpcOptionsFor(rabbit.url));
    const absent = { topic: "compute", server: "no-such-host", version: "2.0" };
    const begun = performance.now();
    await assert.rejects(client.call(absent, "echo", {}, patience), RpcUnroutableError);
    await assert.rejects(client.cast(absent, "echo", {}), RpcUnroutableError);
    assert.ok(performance.now() - begun < 1_000, "it did not wait for its timeout");

    await using owned = new AsyncDisposableStack();
    const service = await RpcServer.serve(rpcOptionsFor(rabbit.url), {
      topic: "silent",
      server: "host1",
      endpoints: { echo: () => new Promise(() => undefined) },
      versions,
    });
    owned.use(service);
    const target = { topic: "silent", version: "2.0" };
    await assert.rejects(client.call(target, "echo", {}, { timeoutMs: 200 }), RpcTimeoutError);
  });

  it("answers oslo.messaging's client", async () => {
    const seen: unknown[] = [];
    await using owned = new AsyncDisposableStack();
    const server = await RpcServer.serve(rpcOptionsFor(rabbit.url), {
      topic: "consoleauth",
      server: "host1",
      endpoints: {
        echo: (args, { version }) => Promise.resolve({ args, version }),
        nothing: () => Promise.resolve(),
        note: (args) => Promise.resolve(seen.push(args["text"])),
        fail: () => Promise.reject(new TypeError("what is wrong")),
      },
      versions,
    });
    owned.use(server);
    await using oslo = await OsloClient.start(rabbit.url);
    const call = { topic: "consoleauth", version: "2.0" };
    for (const version of ["1.0", "1.2", "2.0", "2.1"]) {
      const outcome = await oslo.ask({ ...call, version, method: "echo", args: { a: "é" } });
      assert.deepEqual(outcome, { result: { args: { a: "é" }, version } });
    }
    const toServer = { ...call, server: "host1" };
    assert.deepEqual(await oslo.ask({ ...toServer, method: "nothing" }), { result: null });
    assert.deepEqual(await oslo.ask({ ...call, method: "fail" }), {
      error: "TypeError",
      message: "what is wrong",
    });
    for (const version of ["2.2", "3.0", "1.3"]) {
      assert.deepEqual(await oslo.ask({ ...call, version, method: "echo" }), {
        error: "UnsupportedVersion",
        message: `Endpoint does not support RPC version ${version}. Attempted method: echo`,
      });
    }
    await using client = await RpcClient.connect(rpcOptionsFor(rabbit.url));
    for (const version of [2, 2.1, null, ["2.0"], { major: 2 }]) {
      const target = { ...call, version: version as unknown as string };
      await assert.rejects(
        client.call(target, "echo", {}, patience),
        (error) => error instanceof RemoteError && error.remoteClass === "UnsupportedVersion",
      );
    }
    // A name that every object has is no method either.
    for (const method of ["other", "toString"]) {
      assert.deepEqual(await oslo.ask({ ...call, method }), {
        error: "NoSuchMethod",
        message: `Endpoint does not support RPC method ${method}`,
      });
    }
    await oslo.ask({ ...call, method: "note", args: { text: "cast" }, kind: "cast" });
    await oslo.ask({ ...call, method: "note", args: { text: "fanout" }, kind: "fanout" });
    await until("both to arrive", () => seen.length === 2);
    assert.deepEqual([...seen].sort(), ["cast", "fanout"]);
  });

  it("delivers to the next what a server that ended had not done", async () => {
    const request = { topic: "durable", version: "2.0" };
    const seen: string[] = [];
    const service = (
      name: string,
      work: () => Promise<void>,
    ): Parameters<typeof RpcServer.serve>[1] => ({
      ...{ topic: "durable", server: "host1", versions, doneAtLeastOnce: new Set(["note"]) },
      maxConcurrent: 1,
      endpoints: {
        note: () => {
          seen.push(name);
          return work();
        },
        echo: (args) => Promise.resolve(args),
      },
    });
    const first = await RpcServer.serve(
      rpcOptionsFor(rabbit.url),
      service("first", () => new Promise(() => undefined)),
    );
    await using client = await RpcClient.connect(rpcOptionsFor(rabbit.url));
    await client.cast(request, "note", {});
    await until("it to be worked on", () => seen.length === 1);
    // It takes no slot from others meanwhile.
    assert.deepEqual(await client.call(request, "echo", { a: 1 }, patience), { a: 1 });
    await first.close();

    await using owned = new AsyncDisposableStack();
    owned.use(
      await RpcServer.serve(
        rpcOptionsFor(rabbit.url),
        service("second", () => Promise.resolve()),
      ),
    );
    await until("it to be done", () => seen.length === 2);
    assert.deepEqual(seen, ["first", "second"]);
  });

  it("uses quorum queues, for answers too, where it is told", async () => {
    const url = `${rabbit.url}quorum?rabbit_quorum_queue=true&rabbit_transient_quorum_queue=true`;
    const options = { ...rpcOptionsFor(url), transportUrl: rpcOptionsFor(rabbit.url).transportUrl };
    // An exchange is durable or not; the other tests' is not.
    const durable = { ...options, exchange: "durable" };
    await using owned = new AsyncDisposableStack();
    const server = await RpcServer.serve(durable, {
      topic: "quorum",
      server: "host1",
      endpoints: { echo: (args) => Promise.resolve(args) },
      versions,
    });
    owned.use(server);
    await using client = await RpcClient.connect(durable);
    const target = { topic: "quorum", version: "2.0" };
    assert.deepEqual(await client.call(target, "echo", { a: 1 }, patience), { a: 1 });
  });

  it("says what the broker has against a setting, and takes no harm", async () => {
    await using owned = new AsyncDisposableStack();
    // It makes the exchange that is not durable.
    owned.use(await RpcClient.connect(rpcOptionsFor(rabbit.url)));
    await using other = await RpcClient.connect(
      rpcOptionsFor(`${rabbit.url}?amqp_durable_queues=true`),
    );
    const target = { topic: "compute", server: "no-such-host", version: "2.0" };
    await assert.rejects(
      other.call(target, "echo", {}, patience),
      (error) => error instanceof BrokerUnavailableError && /durable/.test(error.message),
    );
    const stranger = rabbit.url.replace("guest:guest", "guest:s3cret");
    await using refused = await RpcClient.connect(rpcOptionsFor(stranger));
    await assert.rejects(
      refused.call(target, "echo", {}, patience),
      (error) =>
        error instanceof BrokerUnavailableError &&
        /ACCESS_REFUSED|403/.test(error.message) &&
        !error.message.includes("s3cret"),
    );
  });

  it("comes back by itself when the broker does, as client and as server", async () => {
    await using cell = await RabbitMq.start();
    await using owned = new AsyncDisposableStack();
    const server = await RpcServer.serve(rpcOptionsFor(cell.url), {
      topic: "consoleauth",
      server: "host1",
      endpoints: {
        echo: (args) => Promise.resolve(args),
        hang: () => new Promise(() => undefined),
      },
      versions,
    });
    owned.use(server);
    // The first broker of the two is not there.
    const both = cell.url.replace("@", "@127.0.0.1:1,guest:guest@");
    await using client = await RpcClient.connect(rpcOptionsFor(both));
    await using oslo = await OsloClient.start(cell.url);
    const target = { topic: "consoleauth", version: "2.0" };
    const question = { ...target, method: "echo", args: { a: 1 } };
    assert.deepEqual(await oslo.ask(question), { result: { a: 1 } });
    assert.deepEqual(await client.call(target, "echo", { a: 1 }, patience), { a: 1 });

    const inFlight = client.call(target, "hang", {}, patience);
    const failure = assert.rejects(inFlight, (error) => {
      return error instanceof BrokerUnavailableError && /connection lost/.test(error.message);
    });
    // A second one on the same connection: when it is answered the first has been delivered.
    await client.call(target, "echo", {}, patience);
    await cell.kill();
    await failure;
    await assert.rejects(client.call(target, "echo", {}, patience), BrokerUnavailableError);

    await cell.resume();
    const begun = performance.now();
    await until("calls to work again", () =>
      client.call(target, "echo", { a: 2 }, patience).catch(() => null),
    );
    const took = performance.now() - begun;
    assert.ok(took < 1_000, `calls work ${took} ms after the broker's return`);
    assert.deepEqual(await oslo.ask(question), { result: { a: 1 } });
  });

  it("speaks TLS, and refuses a broker whose certificate nobody signed that it trusts", async () => {
    await using directory = await TempDir.create();
    const certificate = await makeCertificate(directory);
    await using cell = await RabbitMq.start(certificate);
    const url = `${cell.url}?ssl=true`;
    const trusting = `${url}&ssl_ca_file=${certificate.certPath}`;
    const target = { topic: "nobody", version: "2.0" };
    for (const each of [url, trusting]) {
      await using client = await RpcClient.connect(rpcOptionsFor(each));
      await assert.rejects(client.call(target, "echo", {}, patience), RpcUnroutableError);
    }
    await using elsewhere = await TempDir.create();
    const other = await makeCertificate(elsewhere);
    await using wary = await RpcClient.connect(
      rpcOptionsFor(`${url}&ssl_ca_file=${other.certPath}`),
    );
    await assert.rejects(
      wary.call(target, "echo", {}, patience),
      (error) => error instanceof BrokerUnavailableError && /self-signed/.test(error.message),
    );
  });

  it("refuses a broker whose certificate is for another host, unless it is told not to", async () => {
    await using directory = await TempDir.create();
    const certificate = await makeCertificate(directory, "mq.example");
    await using cell = await RabbitMq.start(certificate);
    const url = `${cell.url}?ssl=true&ssl_ca_file=${certificate.certPath}`;
    const target = { topic: "nobody", version: "2.0" };
    await using wary = await RpcClient.connect(rpcOptionsFor(url));
    await assert.rejects(
      wary.call(target, "echo", {}, patience),
      (error) =>
        error instanceof BrokerUnavailableError &&
        /the broker's certificate is for DNS:mq\.example, not for 127\.0\.0\.1/.test(error.message),
    );
    const off = "&ssl_enforce_hostname_verification=false";
    const lines: string[] = [];
    await using careless = await RpcClient.connect(rpcOptionsFor(`${url}${off}`, lines));
    await assert.rejects(careless.call(target, "echo", {}, patience), RpcUnroutableError);
    assert.match(lines.join("\n"), /^[^\n]*ssl_enforce_hostname_verification is false[^\n]*$/);
  });

  it("gets answers of services before Stein, which come by an exchange named as the queue", async () => {
    await using client = await RpcClient.connect(rpcOptionsFor(rabbit.url));
    const connection = await connect(rabbit.url.replace("rabbit:", "amqp:"));
    try {
      const channel = await connection.createChannel();
      await channel.assertQueue("old_service", { autoDelete: true, durable: false });
      await channel.bindQueue("old_service", "nova", "old_service");
      await channel.consume("old_service", (message) => {
        const outer = JSON.parse(message?.content.toString() ?? "") as { "oslo.message": string };
        const request = JSON.parse(outer["oslo.message"]) as { _msg_id: string; _reply_q: string };
        const reply = {
          result: "an answer",
          failure: null,
          ending: true,
          _msg_id: request._msg_id,
        };
        const content = { "oslo.version": "2.0", "oslo.message": JSON.stringify(reply) };
        const properties = { contentType: "application/json", contentEncoding: "utf-8" };
        const { _reply_q: queue } = request;
        channel.publish(queue, queue, Buffer.from(JSON.stringify(content)), properties);
      });
      const target = { topic: "old_service", version: "2.0" };
      assert.equal(await client.call(target, "echo", {}, patience), "an answer");
    } finally {
      await connection.close();
    }
  });
});
