import type { ChannelModel, ConsumeMessage, Message } from "amqplib";
import { atMost } from "./at-most.ts";
import { BrokerLink } from "./broker-link.ts";
import { type ClientSession, openClientSession } from "./client-session.ts";
import type { RpcConnectionOptions } from "./connection-options.ts";
import { decodeReply, encodeRequest, uniqueId } from "./envelope.ts";
import {
  BrokerUnavailableError,
  InvalidMessageError,
  RpcTimeoutError,
  RpcUnroutableError,
} from "./errors.ts";
import { messageProperties } from "./queues.ts";

/** Whom a message is for. */
export interface RpcTarget {
  readonly topic: string;
  /** One server of the topic; without it, any. */
  readonly server?: string;
  /** `MAJOR.MINOR` of the method. */
  readonly version: string;
}

/** How long an answer is waited for. */
export interface CallOptions {
  readonly timeoutMs: number;
  /** Ends the wait; the call fails with its reason. */
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly id: string;
  readonly routingKey: string;
  readonly timeoutMs: number;
  /** @param replyQueue - where the answer is to come */
  encode(replyQueue: string): Buffer;
  isSent: boolean;
  /** Whether the broker has taken it. */
  isConfirmed: boolean;
  /** Only a cast is done when the broker has taken it. */
  readonly isCast: boolean;
  /** What was answered so far. */
  result: unknown;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** How long a broker may take to confirm a message that nobody answers. */
const CAST_TIMEOUT_MS = 10_000;

/** How long a broker may take to remove the reply queue at the end. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Calls methods of OpenStack services over RabbitMQ, as oslo.messaging's RPCClient does. */
export class RpcClient {
  readonly #options: RpcConnectionOptions;
  readonly #pending = new Map<string, Pending>();
  /** Of the present connection, or of the last one while there is none. */
  #replyQueue: string | null = null;
  #link!: BrokerLink<ClientSession>;

  private constructor(options: RpcConnectionOptions) {
    this.#options = options;
  }

  /** Connects. If no broker is there calls fail until one is; that is tried on and on. */
  static async connect(options: RpcConnectionOptions): Promise<RpcClient> {
    const client = new RpcClient(options);
    client.#link = await BrokerLink.open(options, {
      establish: (connection, hangUp) => client.#establish(connection, hangUp),
      lost: (error) => {
        client.#onLost(error);
      },
      blocked: (error) => {
        client.#onBlocked(error);
      },
    });
    return client;
  }

  /** The brokers, for people: no user, no password. */
  get place(): string {
    return this.#link.place;
  }

  /** Whether there is a connection to a broker at the moment. */
  get isConnected(): boolean {
    return this.#link.isUp;
  }

  /**
   * Asks the broker for a sign of life, one round trip on the channel that calls go out on. How long that
   * may take is the caller's to limit.
   *
   * @throws {@link BrokerUnavailableError} if there is no connection, or it breaks meanwhile
   */
  async check(): Promise<void> {
    const { channel } = await this.#link.ready();
    try {
      await channel.checkExchange(this.#options.exchange);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BrokerUnavailableError(`${this.place}: ${reason}`, { cause });
    }
  }

  /**
   * Calls a method, and waits for what it returns.
   *
   * @param args - by name; what JSON can express
   * @throws {@link RpcUnroutableError} at once, if no such service is there
   * @throws {@link RpcTimeoutError} if no answer comes in time
   * @throws {@link RemoteError} if the method raises
   * @throws {@link BrokerUnavailableError} if there is no broker, or it goes before the answer came
   */
  call(target: RpcTarget, method: string, args: object, options: CallOptions): Promise<unknown> {
    return this.#send(target, method, args, { ...options, isCast: false });
  }

  /**
   * Calls a method, and waits only until the broker has the message.
   *
   * @throws as {@link call}, but for what the method raises
   */
  async cast(target: RpcTarget, method: string, args: object): Promise<void> {
    await this.#send(target, method, args, { timeoutMs: CAST_TIMEOUT_MS, isCast: true });
  }

  /** Ends the connection; calls in flight fail. */
  async close(): Promise<void> {
    const { session } = this.#link;
    // Another reply queue goes with the connection.
    if (session !== null && this.#options.transientQuorumQueues) {
      await atMost(removeReplyQueue(session), CLOSE_TIMEOUT_MS);
    }
    await this.#link.close();
    this.#onLost(new BrokerUnavailableError(`${this.place}: the connection has been closed`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #send(
    target: RpcTarget,
    method: string,
    args: object,
    { timeoutMs, signal, isCast }: CallOptions & { readonly isCast: boolean },
  ): Promise<unknown> {
    const id = uniqueId();
    const routingKey = routingKeyOf(target);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const replyTo = (queue: string): { queue: string; messageId: string } | null =>
        isCast ? null : { queue, messageId: id };
      const pending: Pending = {
        ...{ id, routingKey, timeoutMs, isCast },
        ...{ isSent: false, isConfirmed: false, result: null },
        encode: (replyQueue) =>
          encodeRequest({ method, args, version: target.version, replyTo: replyTo(replyQueue) }),
        resolve: (result) => {
          end();
          resolve(result);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        const what = pending.isConfirmed ? "was not answered" : "was not taken by the broker";
        pending.reject(
          new RpcTimeoutError(
            `${method} for ${routingKey} at ${this.place} ${what} within ${timeoutMs} ms`,
          ),
        );
      }, timeoutMs);
      const onAbort = (): void => {
        const reason: unknown = signal?.reason;
        pending.reject(reason instanceof Error ? reason : new Error("aborted"));
      };
      this.#pending.set(id, pending);
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      this.#link.ready().then(
        (session) => {
          if (this.#pending.has(id)) this.#publish(session, pending);
        },
        (error: unknown) => {
          pending.reject(error as Error);
        },
      );
    });
  }

  #publish({ channel, replyQueue, silence }: ClientSession, pending: Pending): void {
    const { id, routingKey, timeoutMs, isCast } = pending;
    const fail = (cause: unknown): void => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      pending.reject(
        new BrokerUnavailableError(`${this.place}: message not taken: ${reason}`, { cause }),
      );
    };
    const properties = {
      ...messageProperties,
      messageId: id,
      // Nobody waits for the answer any longer than that. A cast stays until it is read.
      ...(isCast ? {} : { expiration: String(Math.ceil(timeoutMs)) }),
    };
    try {
      const content = pending.encode(replyQueue);
      pending.isSent = true;
      silence.sent();
      channel.publish(this.#options.exchange, routingKey, content, properties, (error: unknown) => {
        silence.confirmed();
        pending.isConfirmed = true;
        if (error !== null && error !== undefined) fail(error);
        else if (isCast) pending.resolve(undefined);
      });
    } catch (error) {
      // The channel closed between two ticks.
      fail(error);
    }
  }

  #establish(connection: ChannelModel, hangUp: (reason: Error) => void): Promise<ClientSession> {
    return openClientSession(connection, {
      options: this.#options,
      lastReplyQueue: this.#replyQueue,
      onReplyQueue: (name) => {
        this.#replyQueue = name;
      },
      onReply: (message) => {
        this.#onReply(message);
      },
      onReturn: (message) => {
        this.#onReturn(message);
      },
      hangUp,
    });
  }

  #onReply({ content }: ConsumeMessage): void {
    try {
      const { messageId, result, failure, isLast } = decodeReply(content);
      const pending = this.#pending.get(messageId);
      if (pending === undefined) return;
      // Until Liberty the result came first and the end in a message of its own, with null; a service that
      // calls itself alive meanwhile (call monitoring) sends null as well.
      if (result !== null) pending.result = result;
      if (failure !== null) pending.reject(failure);
      else if (isLast) pending.resolve(pending.result);
    } catch (error) {
      if (!(error instanceof InvalidMessageError)) throw error;
      // It names no call, so that none can be told: the one it was for times out.
      this.#options.log?.warn("answer cannot be read", { reason: error.message });
    }
  }

  #onReturn({ properties, fields }: Message): void {
    const id: unknown = properties.messageId;
    if (typeof id !== "string") return;
    this.#pending
      .get(id)
      ?.reject(
        new RpcUnroutableError(
          `nobody reads ${fields.routingKey} at ${this.place}: is that service running, and its exchange ${this.#options.exchange}?`,
        ),
      );
  }

  #onLost(error: BrokerUnavailableError): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.isSent) pending.reject(error);
    }
  }

  /** What the broker has not taken by now waits in a buffer until the alarm is over. */
  #onBlocked(error: BrokerUnavailableError): void {
    this.#link.session?.silence.stop();
    for (const pending of [...this.#pending.values()]) {
      if (pending.isSent && !pending.isConfirmed) pending.reject(error);
    }
  }
}

function routingKeyOf({ topic, server }: RpcTarget): string {
  return server === undefined ? topic : `${topic}.${server}`;
}

/** Cancels the consumer first: it would take the queue's end for a fault of the broker. */
async function removeReplyQueue({ channel, replyQueue }: ClientSession): Promise<void> {
  await channel.cancel(replyQueue);
  await channel.deleteQueue(replyQueue);
}
