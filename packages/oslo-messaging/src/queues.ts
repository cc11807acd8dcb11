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

/** A queue of requests. */
export function serviceQueue(options: RpcConnectionOptions): Options.AssertQueue {
  return {
    durable: options.durableQueues,
    autoDelete: options.autoDeleteQueues,
    arguments: {
      ...mirrored(options),
      ...(options.quorumQueues ? { "x-queue-type": "quorum" } : {}),
    },
  };
}

/** A queue of one process: its answers, or its share of a fanout. Gone some time after the process is. */
export function transientQueue(options: RpcConnectionOptions): Options.AssertQueue {
  return {
    durable: options.transientQuorumQueues,
    autoDelete: false,
    arguments: {
      ...mirrored(options),
      "x-expires": options.transientQueueTtlSeconds * 1_000,
      ...(options.transientQuorumQueues ? { "x-queue-type": "quorum" } : {}),
    },
  };
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
