import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { lookupWithin, NameLookupError } from "@nova-console/name-lookup";
import { AbstractConnector, type RedisOptions, SentinelConnector } from "ioredis";

/** What ioredis keeps private: how it connects to a Sentinel. */
interface SentinelInside {
  connectToSentinel: (endpoint: unknown, options?: RedisOptions) => unknown;
}

/** Values of the option `Connector`, for a server and for servers that Sentinels name. */
export interface NamedConnectors {
  readonly ToServer: new (options: unknown) => AbstractConnector;
  readonly BySentinel: new (options: unknown) => SentinelConnector;
}

/**
 * Makes connectors that look names up within a limit; ioredis has no option for that.
 *
 * @param onNameFailure - gets what a connection failed for, which ioredis replaces with words of its own
 */
export function namedConnectors(onNameFailure: (error: NameLookupError) => void): NamedConnectors {
  /** Opens the connection to one server. */
  class ToServer extends AbstractConnector {
    readonly #options: RedisOptions;

    /** @param given - the client's options, which ioredis types as unknown here */
    constructor(given: unknown) {
      const options = given as RedisOptions;
      super(options.disconnectTimeout ?? 0);
      this.#options = options;
    }

    /** Begins on the next tick, until which ioredis may disconnect. */
    connect(): Promise<Socket> {
      this.connecting = true;
      return new Promise((resolve, reject) => {
        process.nextTick(() => {
          if (this.connecting) resolve(this.#open());
          else reject(new Error("Connection is closed."));
        });
      });
    }

    #open(): Socket {
      const { host = "localhost", port = 6379, tls } = this.#options;
      const to = { host, port, lookup: lookupOf(this.#options) };
      const stream = tls === undefined ? connect(to) : connectTls({ ...to, ...tls });
      stream.once("error", (error: Error) => {
        this.firstError = error;
        if (error instanceof NameLookupError) onNameFailure(error);
      });
      this.stream = stream;
      return stream;
    }
  }

  /** Opens the connections to Sentinels, and to the master that they name. */
  class BySentinel extends SentinelConnector {
    constructor(given: unknown) {
      const options = given as RedisOptions;
      const lookup = lookupOf(options);
      // What this returns is passed to net.connect() as it is.
      const natMap = (address: string): { host: string; port: number } => {
        const colon = address.lastIndexOf(":");
        const to = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
        return Object.assign(to, { lookup });
      };
      super({ ...options, natMap });
      const inside = this as unknown as SentinelInside;
      const connectToSentinel = inside.connectToSentinel.bind(this);
      inside.connectToSentinel = (endpoint, more) =>
        connectToSentinel(endpoint, { ...more, Connector: ToServer });
    }
  }
  return { ToServer, BySentinel };
}

function lookupOf({ connectTimeout = 10_000 }: RedisOptions): ReturnType<typeof lookupWithin> {
  return lookupWithin(connectTimeout);
}
