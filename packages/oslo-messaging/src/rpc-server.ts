import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { atMost } from "./at-most.ts";
import { BrokerLink, hangUpWithChannel } from "./broker-link.ts";
import type { RpcConnectionOptions } from "./connection-options.ts";
import { decodeRequest, encodeReply, encodeReplyEnd, type Request, uniqueId } from "./envelope.ts";
import { RemoteError } from "./errors.ts";
import {
  fanoutExchange,
  forbidsTransientQueues,
  messageProperties,
  serviceQueue,
  topicExchange,
  transientQueue,
} from "./queues.ts";
import { RequestSlots } from "./request-slots.ts";
import { isCompatible, isVersion } from "./version.ts";

/** A method that can be called. What it returns is what JSON can express, or undefined for nothing. */
export type Endpoint = (
  args: Readonly<Record<string, unknown>>,
  request: {
    readonly version: string;
    /** Aborted when its connection is lost: nobody waits for an answer, and the broker delivers again what is done at least once. */
    readonly lost: AbortSignal;
  },
) => Promise<unknown>;

/** Methods of one namespace. */
export interface RpcMethods {
  /** By the name of the method. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** `MAJOR.MINOR`, the newest of each major version; older minors are understood too. */
  readonly versions: readonly string[];
}

/** What is served; its own methods are those without a namespace. */
export interface RpcService extends RpcMethods {
  readonly topic: string;
  /** This machine's name among the servers of the topic. */
  readonly server: string;
  /** Methods that are called with a namespace, by its name; none unless given. */
  readonly namespaces?: Readonly<Record<string, RpcMethods>>;
  /**
   * Methods whose requests are acknowledged after their endpoint is done, so that none is lost when this
   * process ends before: the broker delivers it again, to a process that serves then. They may be done twice, and
   * the endpoint limits how many it works on at a time. None unless given.
   */
  readonly doneAtLeastOnce?: ReadonlySet<string>;
  /** Most requests of other methods that are worked on at a time; 100 unless given. */
  readonly maxConcurrent?: number;
}

/** Requests that are here and not acknowledged, of each queue; the broker keeps the others. */
const PREFETCH = 1_000;
const MAX_CONCURRENT = 100;
/** How long requests that have begun may take when the server closes. */
const CLOSE_TIMEOUT_MS = 2_000;
const DISPATCHER = "oslo_messaging.rpc.dispatcher";

/** Answers calls of OpenStack services over RabbitMQ, as oslo.messaging's RPCServer does. */
export class RpcServer {
  readonly #options: RpcConnectionOptions;
  readonly #service: RpcService;
  /** Of the present connection, or of the last one while there is none. */
  #fanoutQueue = "";
  /** The broker has refused queues that do not outlive its restart. */
  #isDurableOnly = false;
  readonly #running = new Set<Promise<void>>();
  readonly #slots: RequestSlots;
  /** Connections that were made, the present one included. */
  #connections = 0;
  /** Of the present connection. */
  #lost = new AbortController();
  #link!: BrokerLink<Channel>;

  private constructor(options: RpcConnectionOptions, service: RpcService) {
    this.#options = options;
    this.#service = service;
    this.#slots = new RequestSlots(service.maxConcurrent ?? MAX_CONCURRENT);
  }

  /** Serves. If no broker is there, it does so as soon as one is. */
  static async serve(options: RpcConnectionOptions, service: RpcService): Promise<RpcServer> {
    const server = new RpcServer(options, service);
    server.#link = await BrokerLink.open(options, {
      establish: (connection, hangUp) => server.#establish(connection, hangUp),
      // What was not acknowledged comes again when there is a connection.
      lost: () => {
        server.#slots.clear();
        server.#lost.abort();
        server.#lost = new AbortController();
      },
      // Requests come none the less; the answers wait in the connection's buffer.
      blocked: () => undefined,
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

  /** Reads no more requests, lets those that have begun end, and hangs up: the broker keeps the others. */
  async close(): Promise<void> {
    const channel = this.#link.session;
    this.#slots.clear();
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

  async #establish(connection: ChannelModel, hangUp: (reason: Error) => void): Promise<Channel> {
    connection.on("error", (reason: Error) => {
      if (!forbidsTransientQueues(reason)) return;
      // The next connection declares them so.
      this.#isDurableOnly = true;
    });
    const isDurable = this.#options.durableQueues || this.#isDurableOnly;
    const channel = await connection.createChannel();
    // A channel that the broker closes is made anew with all that is on it.
    channel.on("error", hangUp);
    channel.on("close", () => {
      hangUpWithChannel(hangUp);
    });
    // The caller is gone, and its queue with it.
    channel.on("return", () => undefined);
    await channel.prefetch(PREFETCH);
    const { exchange } = this.#options;
    const { topic } = this.#service;
    await channel.assertExchange(exchange, "topic", topicExchange(this.#options));
    for (const queue of [topic, this.#serverQueue]) {
      await channel.assertQueue(queue, serviceQueue(this.#options, isDurable));
      await channel.bindQueue(queue, exchange, queue);
    }
    this.#fanoutQueue = `${topic}_fanout_${uniqueId()}`;
    await channel.assertExchange(`${topic}_fanout`, "fanout", fanoutExchange());
    await channel.assertQueue(this.#fanoutQueue, transientQueue(this.#options));
    await channel.bindQueue(this.#fanoutQueue, `${topic}_fanout`, topic);
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null) hangUp(new Error("a queue was deleted, or its node went down"));
      else this.#onRequest(channel, message);
    };
    // Above our own consumers of connections that the broker still holds for alive, which would take their
    // share of the requests.
    const priority = this.#connections++;
    for (const queue of [topic, this.#serverQueue, this.#fanoutQueue]) {
      await channel.consume(queue, onMessage, { consumerTag: queue, priority });
    }
    return channel;
  }

  #onRequest(channel: Channel, message: ConsumeMessage): void {
    let request: Request;
    try {
      request = decodeRequest(message.content);
    } catch (error) {
      this.#complain(error);
      channel.ack(message);
      return;
    }
    const lost = this.#lost.signal;
    const isDoneAtLeastOnce = this.#service.doneAtLeastOnce?.has(request.method) === true;
    this.#slots.take((release) => {
      if (isDoneAtLeastOnce) {
        this.#run(async () => {
          await this.#answer(channel, request, lost);
          if (!lost.aborted) channel.ack(message);
        });
        // Its turn was for the order only: it may be tried for hours, and must not keep others from their work.
        release();
        return;
      }
      this.#run(async () => {
        try {
          // Before it is worked on, as oslo.messaging does: it is done once, or not at all.
          channel.ack(message);
          await this.#answer(channel, request, lost);
        } finally {
          release();
        }
      });
    });
  }

  #run(work: () => Promise<void>): void {
    const running = work().catch((error: unknown) => {
      this.#complain(error);
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.log?.warn("request over the message broker cannot be answered", { reason });
  }

  async #answer(channel: Channel, request: Request, lost: AbortSignal): Promise<void> {
    const outcome = await this.#dispatch(request, lost);
    if ("failure" in outcome) {
      // The caller of a cast hears nothing, and a caller may be a service whose log nobody reads.
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

  async #dispatch(
    request: Request,
    lost: AbortSignal,
  ): Promise<{ result: unknown } | { failure: RemoteError }> {
    const { method, args, version, namespace } = request;
    const served = this.#methodsOf(namespace);
    const isUnderstood = served?.versions.some((accepted) => isCompatible(accepted, version));
    if (served === undefined || isUnderstood !== true) {
      const text = `Endpoint does not support RPC version ${version}. Attempted method: ${method}`;
      return { failure: new RemoteError("UnsupportedVersion", DISPATCHER, text) };
    }
    const { endpoints } = served;
    const endpoint = Object.hasOwn(endpoints, method) ? endpoints[method] : undefined;
    if (endpoint === undefined) {
      const text = `Endpoint does not support RPC method ${method}`;
      return { failure: new RemoteError("NoSuchMethod", DISPATCHER, text) };
    }
    try {
      return { result: await endpoint(args, { version, lost }) };
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      // No stack: it would tell the caller nothing, and it goes over the wire.
      return { failure: new RemoteError(name, "nova_console", message) };
    }
  }

  /** @returns undefined for a namespace that is not served */
  #methodsOf(namespace: string | null): RpcMethods | undefined {
    if (namespace === null) return this.#service;
    const { namespaces = {} } = this.#service;
    return Object.hasOwn(namespaces, namespace) ? namespaces[namespace] : undefined;
  }
}
