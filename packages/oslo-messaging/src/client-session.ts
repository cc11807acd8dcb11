import type { ChannelModel, ConfirmChannel, ConsumeMessage, Message } from "amqplib";
import { hangUpWithChannel } from "./broker-link.ts";
import { BrokerSilence } from "./broker-silence.ts";
import type { RpcConnectionOptions } from "./connection-options.ts";
import { uniqueId } from "./envelope.ts";
import { replyExchange, topicExchange, transientQueue } from "./queues.ts";

/** How long a broker may confirm nothing and send nothing, after which the connection is made anew. */
const SILENCE_LIMIT_MS = 5_000;

/** What a client has of one connection. */
export interface ClientSession {
  readonly channel: ConfirmChannel;
  /**
   * Where answers come, on this connection only: the broker may hold the last connection for alive
   * longer than we do, and would share the answers out between the consumers of one queue.
   */
  readonly replyQueue: string;
  readonly silence: BrokerSilence;
}

/** What {@link openClientSession} needs beside the connection. */
export interface ClientSessionNeeds {
  readonly options: RpcConnectionOptions;
  /** Of the last connection; null: this is the first. It is removed. */
  readonly lastReplyQueue: string | null;
  /** Called once the queue's name is known, before the queue exists. */
  readonly onReplyQueue: (name: string) => void;
  readonly onReply: (message: ConsumeMessage) => void;
  readonly onReturn: (message: Message) => void;
  readonly hangUp: (reason: Error) => void;
}

/** Declares what a client needs on a new connection. @throws amqplib's error */
export async function openClientSession(
  connection: ChannelModel,
  needs: ClientSessionNeeds,
): Promise<ClientSession> {
  const { options, lastReplyQueue, hangUp } = needs;
  const channel = await connection.createConfirmChannel();
  const silence = new BrokerSilence(connection, SILENCE_LIMIT_MS, hangUp);
  // A channel that the broker closes is made anew with all that is on it.
  channel.on("error", hangUp);
  channel.on("close", () => {
    silence.stop();
    hangUpWithChannel(hangUp);
  });
  channel.on("return", needs.onReturn);
  // Others went with their connection.
  if (lastReplyQueue !== null && options.transientQuorumQueues) {
    void removeQueue(connection, lastReplyQueue);
  }
  await channel.assertExchange(options.exchange, "topic", topicExchange(options));
  const replyQueue = `reply_${uniqueId()}`;
  needs.onReplyQueue(replyQueue);
  await channel.assertQueue(replyQueue, transientQueue(options));
  await bindReplyExchange(connection, replyQueue);
  const onMessage = (message: ConsumeMessage | null): void => {
    if (message === null) hangUp(new Error("the reply queue was deleted, or its node went down"));
    else needs.onReply(message);
  };
  await channel.consume(replyQueue, onMessage, { noAck: true, consumerTag: replyQueue });
  return { channel, replyQueue, silence };
}

/**
 * Lets services of Rocky and before answer. Later ones answer by the default exchange, to which every queue is bound by
 * itself. On a channel of its own: a user without the permission for it can still reach the later ones.
 */
async function bindReplyExchange(connection: ChannelModel, name: string): Promise<void> {
  try {
    const channel = await connection.createChannel();
    channel.on("error", () => undefined);
    await channel.assertExchange(name, "direct", replyExchange());
    await channel.bindQueue(name, name, name);
    await channel.close();
  } catch {
    // What else is declared says it if the connection is gone.
  }
}

/**
 * Removes what the last connection has left. On a channel of its own: that the broker cannot must not
 * harm the session, and the queue expires by itself in the end.
 */
async function removeQueue(connection: ChannelModel, name: string): Promise<void> {
  try {
    const channel = await connection.createChannel();
    channel.on("error", () => undefined);
    await channel.deleteQueue(name);
    await channel.close();
  } catch {
    // It expires.
  }
}
