import type { Options } from "amqplib";
import type { RpcConnectionOptions } from "./connection-options.ts";

/** The exchange that requests go through. */
export function topicExchange(options: RpcConnectionOptions): Options.AssertExchange {
  return { durable: options.durableQueues, autoDelete: options.autoDeleteQueues };
}

/** The exchange by which all servers of a topic are spoken to at once. */
export function fanoutExchange(): Options.AssertExchange {
  return { durable: false, autoDelete: true };
}

/**
 * A queue of requests.
 *
 * @param isDurable - whether it outlives a restart of the broker, which new brokers may demand
 */
export function serviceQueue(
  options: RpcConnectionOptions,
  isDurable: boolean,
): Options.AssertQueue {
  return {
    durable: isDurable,
    autoDelete: options.autoDeleteQueues,
    arguments: {
      ...mirrored(options),
      ...(options.quorumQueues ? { "x-queue-type": "quorum" } : {}),
    },
  };
}

/**
 * A queue of one connection: its answers, or its share of a fanout. The broker removes it with its connection, which
 * brokers allow that forbid other transient queues (RabbitMQ 4.3, `transient_nonexcl_queues`). Senders need not know.
 *
 * A quorum queue cannot be exclusive to a connection, and expires some time after it.
 */
export function transientQueue(options: RpcConnectionOptions): Options.AssertQueue {
  if (!options.transientQuorumQueues) {
    return { durable: false, autoDelete: false, exclusive: true, arguments: mirrored(options) };
  }
  const ttlMs = options.transientQueueTtlSeconds * 1_000;
  return {
    durable: true,
    autoDelete: false,
    arguments: {
      ...mirrored(options),
      ...(ttlMs > 0 ? { "x-expires": ttlMs } : {}),
      "x-queue-type": "quorum",
    },
  };
}

/** Whether a broker closes a connection because it declared a transient queue that others may use. @see transientQueue */
export function forbidsTransientQueues({ message }: Error): boolean {
  return message.includes("transient_nonexcl_queues");
}

/** The exchange that answers come by from oslo.messaging until Rocky. It has the name of the queue. */
export function replyExchange(): Options.AssertExchange {
  return { durable: false, autoDelete: true };
}

function mirrored({ mirroredQueues }: RpcConnectionOptions): Record<string, string> {
  return mirroredQueues ? { "x-ha-policy": "all" } : {};
}

/** What every message says of itself. @see oslo_messaging/_drivers/impl_rabbit.py */
export const messageProperties = {
  contentType: "application/json",
  contentEncoding: "utf-8",
  deliveryMode: 2,
  priority: 0,
  headers: {},
  mandatory: true,
} satisfies Options.Publish;
