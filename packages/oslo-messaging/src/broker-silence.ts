import type { Socket } from "node:net";
import type { ChannelModel } from "amqplib";

/**
 * A watch over a connection on which messages were published: a broker that confirms none of them and
 * sends no other byte either is half-open, long before a heartbeat is missed.
 */
export class BrokerSilence {
  readonly #stream: Socket | undefined;
  readonly #limitMs: number;
  readonly #onSilence: (reason: Error) => void;
  #unconfirmed = 0;
  #bytesRead = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param onSilence - called once, after `limitMs` without a byte */
  constructor(connection: ChannelModel, limitMs: number, onSilence: (reason: Error) => void) {
    this.#stream = (connection.connection as { stream?: Socket }).stream;
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
  }

  /** A message was published. */
  sent(): void {
    this.#unconfirmed += 1;
    if (this.#timer === null) this.#wait();
  }

  /** The broker has confirmed one. */
  confirmed(): void {
    this.#unconfirmed -= 1;
    if (this.#unconfirmed === 0) this.stop();
  }

  /** Watches no more, until the next message: the connection is over, or its broker has said that it blocks. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #wait(): void {
    this.#bytesRead = this.#stream?.bytesRead ?? 0;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#bytesRead !== (this.#stream?.bytesRead ?? 0)) this.#wait();
      else this.#onSilence(new Error(`the broker sent nothing for ${this.#limitMs} ms`));
    }, this.#limitMs);
  }
}
