import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { describe, it } from "node:test";
import type { RpcConnectionOptions } from "./connection-options.ts";
import { BrokerUnavailableError, RpcTimeoutError } from "./errors.ts";
import { RpcClient } from "./rpc-client.ts";
import { RpcServer } from "./rpc-server.ts";
import { parseTransportUrl } from "./transport-url.ts";

const target = { topic: "compute", version: "1.0" };

function optionsFor(url: string, connectTimeoutMs = 200): RpcConnectionOptions {
  return {
    transportUrl: parseTransportUrl(url),
    exchange: "nova",
    tls: null,
    loginMethod: "AMQPLAIN",
    heartbeatSeconds: 0,
    durableQueues: false,
    autoDeleteQueues: false,
    mirroredQueues: false,
    quorumQueues: false,
    transientQuorumQueues: false,
    transientQueueTtlSeconds: 1800,
    connectTimeoutMs,
    connectionName: "test",
  };
}

/** Something that listens like a broker, and is none. */
class Imposter implements AsyncDisposable {
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(onConnection: (socket: Socket) => void): Promise<Imposter> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
      onConnection(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Imposter(server, sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

const imposters: Record<string, (socket: Socket) => void> = {
  "hangs up at once": (socket) => socket.destroy(),
  "hangs up after the greeting": (socket) => socket.once("data", () => socket.destroy()),
  "speaks another protocol": (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  "announces a frame of 4 GiB": (socket) =>
    socket.once("data", () => socket.write(Buffer.from("010000ffffffff0a0a", "hex"))),
  "never says a word": () => undefined,
};

describe("RpcClient", () => {
  for (const [what, onConnection] of Object.entries(imposters)) {
    it(`goes on when the broker ${what}: calls fail, nothing else does`, async () => {
      await using broker = await Imposter.start(onConnection);
      await using client = await RpcClient.connect(
        optionsFor(`rabbit://u:s3cret@${broker.address}/`),
      );
      const call = client.call(target, "m", {}, { timeoutMs: 5_000 });
      await assert.rejects(call, (error: Error) => {
        assert.ok(error instanceof BrokerUnavailableError);
        assert.ok(error.message.includes(broker.address), error.message);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      });
      assert.equal(client.isConnected, false);
    });
  }

  it("tries the brokers in turn", async () => {
    const seen: string[] = [];
    await using first = await Imposter.start((socket) => {
      seen.push("first");
      socket.destroy();
    });
    await using second = await Imposter.start((socket) => {
      seen.push("second");
      socket.destroy();
    });
    await using client = await RpcClient.connect(
      optionsFor(`rabbit://u:p@${first.address},u:p@${second.address}/`),
    );
    assert.equal(client.isConnected, false);
    assert.deepEqual(seen.slice(0, 2), ["first", "second"]);
  });

  it("waits no longer than it was told while a connection is made", async () => {
    await using broker = await Imposter.start(() => undefined);
    await using client = await RpcClient.connect(
      optionsFor(`rabbit://u:p@${broker.address}/`, 100),
    );
    // Whether an attempt is under way or not, the call ends by one or the other.
    await assert.rejects(
      client.call(target, "m", {}, { timeoutMs: 1 }),
      (error) => error instanceof RpcTimeoutError || error instanceof BrokerUnavailableError,
    );
  });

  it("stops a call by its signal", async () => {
    await using client = await RpcClient.connect(optionsFor("rabbit://u:p@127.0.0.1:1/"));
    const reason = new Error("not wanted any more");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(client.call(target, "m", {}, { timeoutMs: 1_000, signal }), reason);
  });

  it("makes no connection and takes no call after it was closed", async () => {
    const client = await RpcClient.connect(optionsFor("rabbit://u:p@127.0.0.1:1/"));
    await client.close();
    await assert.rejects(client.call(target, "m", {}, { timeoutMs: 1_000 }), /has been closed/);
  });

  it("says that a file of TLS cannot be read", async () => {
    const tls = { caFile: "/nonexistent/ca", certFile: null, keyFile: null, verifyHostName: false };
    await using client = await RpcClient.connect({
      ...optionsFor("rabbit://u:p@127.0.0.1:1/"),
      tls,
    });
    await assert.rejects(
      client.call(target, "m", {}, { timeoutMs: 1_000 }),
      /ssl_ca_file cannot be read: .*ENOENT/,
    );
  });
});

describe("RpcServer", () => {
  it("starts and closes where there is no broker", async () => {
    const options = optionsFor("rabbit://u:p@127.0.0.1:1/");
    const service = { topic: "t", server: "s", endpoints: {}, versions: ["1.0"] };
    await using server = await RpcServer.serve(options, service);
    assert.equal(server.isServing, false);
  });
});
