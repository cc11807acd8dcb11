import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { atMost } from "./at-most.ts";
import { BrokerLink, closeConnection } from "./broker-link.ts";
import type { RpcConnectionOptions } from "./connection-options.ts";
import { decodeRequest, encodeReply, encodeReplyEnd, type Request, uniqueId } from "./envelope.ts";
import { RemoteError } from "./errors.ts";
import {
  fanoutExchange,
  messageProperties,
  serviceQueue,
  topicExchange,
  transientQueue,
} from "./queues.ts";
import { isCompatible, isVersion } from "./version.ts";

/** A method that can be called. What it returns is what JSON can express, or undefined for nothing. */
export type Endpoint = (
  args: Readonly<Record<string, unknown>>,
  request: { readonly version: string },
) => Promise<unknown>;

/** What is served. */
export interface RpcService {
  readonly topic: string;
  /** This machine's name among the servers of the topic. */
  readonly server: string;
  /** By the name of the method. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** `MAJOR.MINOR`, the newest of each major version; older minors are understood too. */
  readonly versions: readonly string[];
}

/** Requests worked on at a time; the others wait at the broker. */
const MAX_CONCURRENT = 100;
/** How long requests that have begun may take when the server closes. */
const CLOSE_TIMEOUT_MS = 2_000;
const DISPATCHER = "oslo_messaging.rpc.dispatcher";

/** Answers calls of OpenStack services over RabbitMQ, as oslo.messaging's RPCServer does. */
export class RpcServer {
  readonly #options: RpcConnectionOptions;
  readonly #service: RpcService;
  readonly #fanoutQueue: string;
  readonly #running = new Set<Promise<void>>();
  #link!: BrokerLink<Channel>;

  private constructor(options: RpcConnectionOptions, service: RpcService) {
    this.#options = options;
    this.#service = service;
    this.#fanoutQueue = `${service.topic}_fanout_${uniqueId()}`;
  }

  /** Serves. If no broker is there, it does so as soon as one is. */
  static async serve(options: RpcConnectionOptions, service: RpcService): Promise<RpcServer> {
    const server = new RpcServer(options, service);
    server.#link = await BrokerLink.open(options, {
      establish: (connection) => server.#establish(connection),
      // Requests are read again when there is a connection; nothing is kept.
      lost: () => undefined,
    });
    return server;
  }

  /** The brokers, for people: no user, no password. */
  get place(): string {
    return this.#link.place;
  }

  /** Whether requests are read at the moment. */
  get isServing(): boolean {
    return this.#link.isUp;
  }

  /** Reads no more requests, lets those that have begun end, and hangs up. */
  async close(): Promise<void> {
    const channel = this.#link.isUp ? await this.#link.ready() : null;
    // Its queues stay for the other servers, or for the next start.
    const tags = [this.#service.topic, this.#serverQueue, this.#fanoutQueue];
    if (channel !== null) {
      await atMost(Promise.all(tags.map((tag) => channel.cancel(tag))), CLOSE_TIMEOUT_MS);
    }
    await atMost(Promise.all(this.#running), CLOSE_TIMEOUT_MS);
    await this.#link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #serverQueue(): string {
    return `${this.#service.topic}.${this.#service.server}`;
  }

  async #establish(connection: ChannelModel): Promise<Channel> {
    const channel = await connection.createChannel();
    const hangUp = (): void => void closeConnection(connection);
    channel.on("error", () => undefined);
    // A channel that the broker closes is made anew with all that is on it.
    channel.on("close", hangUp);
    // The caller is gone, and its queue with it.
    channel.on("return", () => undefined);
    await channel.prefetch(MAX_CONCURRENT);
    const { exchange } = this.#options;
    const { topic } = this.#service;
    await channel.assertExchange(exchange, "topic", topicExchange(this.#options));
    for (const queue of [topic, this.#serverQueue]) {
      await channel.assertQueue(queue, serviceQueue(this.#options));
      await channel.bindQueue(queue, exchange, queue);
    }
    await channel.assertExchange(`${topic}_fanout`, "fanout", fanoutExchange());
    await channel.assertQueue(this.#fanoutQueue, transientQueue(this.#options));
    await channel.bindQueue(this.#fanoutQueue, `${topic}_fanout`, topic);
    const onMessage = (message: ConsumeMessage | null): void => {
      // Null: the queue was deleted, or its node went down.
      if (message === null) hangUp();
      else this.#onRequest(channel, message);
    };
    for (const queue of [topic, this.#serverQueue, this.#fanoutQueue]) {
      await channel.consume(queue, onMessage, { consumerTag: queue });
    }
    return channel;
  }

  #onRequest(channel: Channel, message: ConsumeMessage): void {
    const running = this.#answer(channel, message).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log?.warn("request over the message broker cannot be answered", { reason });
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async #answer(channel: Channel, message: ConsumeMessage): Promise<void> {
    // Before it is worked on, as oslo.messaging does: it is done once, or not at all.
    channel.ack(message);
    const request = decodeRequest(message.content);
    const outcome = await this.#dispatch(request);
    if ("failure" in outcome) {
      // Whoever cast it hears nothing, and whoever called may be a service whose log nobody reads.
      const { remoteClass, remoteMessage } = outcome.failure;
      const { method, version } = request;
      const reason = `${remoteClass}: ${remoteMessage}`;
      // A method or version that is none of ours is any text.
      const isKnown = Object.hasOwn(this.#service.endpoints, method) && isVersion(version);
      const fields = isKnown ? { method, version, reason } : { reason: remoteClass };
      this.#options.log?.warn("request over RPC failed", fields);
    }
    if (request.replyTo === null) return;
    const { queue, messageId } = request.replyTo;
    const { wantsEndApart } = request;
    channel.publish("", queue, encodeReply(messageId, outcome, !wantsEndApart), messageProperties);
    if (wantsEndApart) channel.publish("", queue, encodeReplyEnd(messageId), messageProperties);
  }

  async #dispatch(request: Request): Promise<{ result: unknown } | { failure: RemoteError }> {
    const { method, args, version, namespace } = request;
    const { endpoints, versions } = this.#service;
    const isUnderstood = versions.some((accepted) => isCompatible(accepted, version));
    if (!isUnderstood || namespace !== null) {
      const text = `Endpoint does not support RPC version ${version}. Attempted method: ${method}`;
      return { failure: new RemoteError("UnsupportedVersion", DISPATCHER, text) };
    }
    const endpoint = Object.hasOwn(endpoints, method) ? endpoints[method] : undefined;
    if (endpoint === undefined) {
      const text = `Endpoint does not support RPC method ${method}`;
      return { failure: new RemoteError("NoSuchMethod", DISPATCHER, text) };
    }
    try {
      return { result: await endpoint(args, { version }) };
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      // No stack: it would tell the caller nothing, and it goes over the wire.
      return { failure: new RemoteError(name, "nova_console", message) };
    }
  }
}
