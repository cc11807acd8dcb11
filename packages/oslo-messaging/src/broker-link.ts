import type { Duplex } from "node:stream";
import type { ChannelModel } from "amqplib";
import { atMost } from "./at-most.ts";
import type { RpcConnectionOptions } from "./connection-options.ts";
import { dialBroker } from "./dial-broker.ts";
import { BrokerUnavailableError } from "./errors.ts";
import { isRefusal } from "./refusal.ts";
import { describeBrokers, describeHost, type TransportHost } from "./transport-url.ts";

/** Between rounds over all brokers. Short at its longest, so that calls work within a second of a broker's return. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 500;
/** The same while every broker answers and refuses: that heals when somebody changes a setting. */
const LONGEST_DELAY_REFUSED_MS = 15_000;
/** How long a broker may take to say goodbye. */
const CLOSE_TIMEOUT_MS = 1_000;
/** How long a start waits for the first connection. */
const START_WAIT_MS = 2_000;

type State<S> =
  | { readonly kind: "up"; readonly connection: ChannelModel; readonly session: S }
  | { readonly kind: "connecting"; readonly outcome: Promise<S> }
  | { readonly kind: "waiting"; readonly error: Error; readonly timer: NodeJS.Timeout }
  | { readonly kind: "closed" };

/** What is made of a connection before it is used, and what is called when its state changes. */
export interface LinkUser<S> {
  /**
   * Declares what is needed on a new connection.
   *
   * @param hangUp - ends the connection for a reason, such as the broker's for closing a channel
   */
  establish(connection: ChannelModel, hangUp: (reason: Error) => void): Promise<S>;
  /** The session cannot be used any more. */
  lost(error: BrokerUnavailableError): void;
  /** The broker takes no messages for now (`connection.blocked`); the session stays. */
  blocked(error: BrokerUnavailableError): void;
}

/** One AMQP connection that is made anew when it breaks, to the next broker of `transport_url`. */
export class BrokerLink<S> {
  /** The brokers, without user and password. */
  readonly place: string;
  readonly #options: RpcConnectionOptions;
  readonly #user: LinkUser<S>;
  #state: State<S> = { kind: "closed" };
  #nextHost = 0;
  #delayMs = FIRST_DELAY_MS;
  #isComplaintLogged = false;
  /** Why the broker of the present connection takes no messages; null while it does. */
  #blocked: BrokerUnavailableError | null = null;

  private constructor(options: RpcConnectionOptions, user: LinkUser<S>) {
    this.#options = options;
    this.#user = user;
    this.place = describeBrokers(options.transportUrl);
  }

  /** Tries every broker, and comes back after two seconds if none is there; it goes on trying. */
  static async open<T>(options: RpcConnectionOptions, user: LinkUser<T>): Promise<BrokerLink<T>> {
    const link = new BrokerLink(options, user);
    link.#connect();
    // A network that drops packets must not keep a service from its start: brokers may be many.
    await atMost(link.ready(), START_WAIT_MS);
    return link;
  }

  /** Whether there is a connection at the moment. */
  get isUp(): boolean {
    return this.#state.kind === "up";
  }

  /** The session, blocked or not; null while there is none. */
  get session(): S | null {
    return this.#state.kind === "up" ? this.#state.session : null;
  }

  /**
   * The session to publish on. An attempt under way is waited for, the next one is not.
   *
   * @throws {@link BrokerUnavailableError} if there is no broker at the moment, or it takes no messages
   */
  async ready(): Promise<S> {
    switch (this.#state.kind) {
      case "up":
        if (this.#blocked !== null) throw this.#blocked;
        return this.#state.session;
      case "connecting":
        return this.#state.outcome;
      case "waiting":
        throw this.#unavailable(this.#state.error);
      case "closed":
        throw new BrokerUnavailableError(`${this.place}: the connection has been closed`);
    }
  }

  /** Ends the connection, and never makes another. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind === "waiting") clearTimeout(state.timer);
    if (state.kind === "up") await closeConnection(state.connection);
    // One that is under way is closed by the attempt itself.
  }

  #connect(): void {
    const outcome = this.#tryAll();
    // Whoever asks for it meanwhile is told; nobody may be asking.
    outcome.catch(() => undefined);
    this.#state = { kind: "connecting", outcome };
  }

  async #tryAll(): Promise<S> {
    const { hosts } = this.#options.transportUrl;
    let failure = new Error("no broker is named");
    let isRefused = true;
    for (let tried = 0; tried < hosts.length; tried++) {
      const host = hosts[this.#nextHost % hosts.length];
      this.#nextHost++;
      if (host === undefined) break;
      try {
        return await this.#use(host);
      } catch (error) {
        const words = error instanceof Error ? error.message || error.name : String(error);
        // RabbitMQ's own may have lines.
        const reason = words.replace(/\s+/g, " ");
        failure = new Error(`${describeHost(host)}: ${reason}`, { cause: error });
        isRefused &&= isRefusal(error);
      }
      if (this.#isClosed()) throw failure;
    }
    this.#wait(failure, isRefused);
    throw this.#unavailable(failure);
  }

  async #use(host: TransportHost): Promise<S> {
    const connection = await dialBroker(host, this.#options);
    let lostBefore: Error | null = null;
    const onLost = (error: Error): void => {
      lostBefore ??= error;
      this.#onClose(connection, lostBefore);
    };
    connection.on("close", (error?: Error) => {
      onLost(error ?? new Error("the broker closed the connection"));
    });
    this.#watchBlocking(connection, host);
    const hangUp = (reason: Error): void => {
      // Not when the goodbye is over: what is asked meanwhile would wait for a dead channel.
      onLost(reason);
      void closeConnection(connection);
    };
    const session = await this.#establish(connection, hangUp).catch((error: unknown) => {
      // amqplib ends what waits for an answer before it says why the broker closed the connection.
      throw lostBefore ?? error;
    });
    if (this.#isClosed()) {
      await closeConnection(connection);
      throw new Error("the connection is not wanted any more");
    }
    // Narrowing does not see that the listener may have run.
    const lost = lostBefore as Error | null;
    if (lost !== null) throw lost;
    this.#state = { kind: "up", connection, session };
    this.#delayMs = FIRST_DELAY_MS;
    if (this.#isComplaintLogged) {
      this.#options.log?.info("message broker is there again", { broker: describeHost(host) });
    }
    this.#isComplaintLogged = false;
    return session;
  }

  /** RabbitMQ sends `connection.blocked` when an alarm is on and the connection publishes; it reads nothing then. */
  #watchBlocking(connection: ChannelModel, host: TransportHost): void {
    const isCurrent = (): boolean =>
      this.#state.kind === "up" && this.#state.connection === connection;
    connection.on("blocked", (reason: unknown) => {
      if (!isCurrent()) return;
      const words = `the broker blocks publishers: ${alarmOf(String(reason))}`;
      this.#blocked = new BrokerUnavailableError(`${describeHost(host)}: ${words}`);
      const fields = { broker: describeHost(host), reason: words };
      this.#options.log?.warn("message broker takes no messages", fields);
      this.#user.blocked(this.#blocked);
    });
    connection.on("unblocked", () => {
      if (!isCurrent() || this.#blocked === null) return;
      this.#blocked = null;
      const fields = { broker: describeHost(host) };
      this.#options.log?.info("message broker takes messages again", fields);
    });
  }

  async #establish(connection: ChannelModel, hangUp: (reason: Error) => void): Promise<S> {
    const { connectTimeoutMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`queues could not be declared within ${connectTimeoutMs} ms`));
      }, connectTimeoutMs);
    });
    try {
      return await Promise.race([this.#user.establish(connection, hangUp), tooLong]);
    } catch (error) {
      await closeConnection(connection);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #onClose(connection: ChannelModel, cause: Error): void {
    if (this.#state.kind !== "up" || this.#state.connection !== connection) return;
    this.#blocked = null;
    this.#complain(cause);
    this.#connect();
    this.#user.lost(
      new BrokerUnavailableError(`${this.place}: connection lost: ${cause.message}`, { cause }),
    );
  }

  #wait(error: Error, isRefused: boolean): void {
    this.#complain(error);
    const timer = setTimeout(() => {
      this.#connect();
    }, this.#delayMs);
    const longestMs = isRefused ? LONGEST_DELAY_REFUSED_MS : LONGEST_DELAY_MS;
    this.#delayMs = Math.min(this.#delayMs * 2, longestMs);
    this.#state = { kind: "waiting", error, timer };
  }

  /** Once per outage: attempts are many. */
  #complain(error: Error): void {
    if (this.#isComplaintLogged) return;
    this.#isComplaintLogged = true;
    this.#options.log?.warn("message broker cannot be used, trying again until it can", {
      brokers: this.place,
      reason: error.message,
    });
  }

  #unavailable(cause: Error): BrokerUnavailableError {
    return new BrokerUnavailableError(`${this.place}: no message broker: ${cause.message}`, {
      cause,
    });
  }

  #isClosed(): boolean {
    return this.#state.kind === "closed";
  }
}

/** @param reason - RabbitMQ's: `low on memory`, `low on disk`, or both with a `&` */
function alarmOf(reason: string): string {
  const alarms = ["memory", "disk"].filter((resource) => reason.includes(resource));
  return `${alarms.join(" and ") || "resource"} alarm (${reason})`;
}

/**
 * Ends a connection whose channel was closed. The channels of a connection that breaks are closed before
 * it is: a moment later its own reason is known, and counts.
 */
export function hangUpWithChannel(hangUp: (reason: Error) => void): void {
  setImmediate(() => {
    hangUp(new Error("the channel was closed"));
  });
}

/** Says goodbye, and hangs up if that is not answered. */
async function closeConnection(connection: ChannelModel): Promise<void> {
  // It throws if the connection is closed already.
  if (await atMost(connection.close(), CLOSE_TIMEOUT_MS)) return;
  // amqplib has no other way to end a connection whose broker is silent, and without an error hears of no end.
  const silent = new Error(`the broker did not answer within ${CLOSE_TIMEOUT_MS} ms`);
  (connection.connection as { stream?: Duplex }).stream?.destroy(silent);
}
