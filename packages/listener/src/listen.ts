import { createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { bind } from "./bind.ts";
import { TlsSettingsError } from "./errors.ts";
import { peekFirstByte, TLS_HANDSHAKE } from "./first-byte.ts";
import type { ConnectionInfo, Listener, ListenOptions } from "./listen-options.ts";
import { peerAddress } from "./peer-address.ts";
import { type Place, Places } from "./places.ts";
import { READ_AHEAD_BYTES } from "./read-ahead.ts";
import { readProxyHeader } from "./read-proxy-header.ts";
import { secureContextOptions, type TlsSettings } from "./tls-settings.ts";
import { isAmong } from "./trusted-peers.ts";
import { TlsUnwrapper } from "./tls-unwrapper.ts";

/**
 * Listens on one TCP port for TLS and plain clients.
 *
 * @throws {@link ListenError} if the address cannot be bound
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const acceptor = new Acceptor(options);
  await acceptor.bind();
  return acceptor;
}

/** A connection that was accepted and neither handed over nor refused yet. */
interface Arrival {
  readonly socket: Socket;
  readonly address: string;
  readonly place: Place;
  readonly acceptedMs: number;
  readonly deadline: NodeJS.Timeout;
}

class Acceptor implements Listener {
  readonly #options: ListenOptions;
  readonly #server: Server;
  readonly #places: Places;
  readonly #tls: TlsUnwrapper;
  readonly #arrivals = new Set<Arrival>();
  /** Connections of load balancers that have not said yet whose they are. */
  readonly #nameless = new Set<Socket>();
  #bound: { readonly host: string; readonly port: number };
  #onEmpty: () => void = () => undefined;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#bound = { host: options.host, port: options.port };
    this.#places = new Places({
      mostPerAddress: options.maxConnectionsPerAddress,
      mostInAll: options.maxConnectionsWithoutToken,
      onLimit: options.onLimit,
    });
    this.#tls = new TlsUnwrapper(options.tls === null ? null : secureContextOptions(options.tls));
    this.#server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: options.keepAliveMs ?? 0,
      highWaterMark: READ_AHEAD_BYTES,
    });
    this.#server.on("connection", (socket) => {
      this.#accept(socket);
    });
  }

  async bind(): Promise<void> {
    this.#bound = await bind(this.#server, this.#options);
    // Whatever fails from now on fails for the connection that was about to be accepted.
    this.#server.on("error", (error) => {
      this.#options.onRefused?.("unknown", `cannot accept: ${error.message}`);
    });
  }

  address(): { readonly host: string; readonly port: number } {
    return this.#bound;
  }

  reloadTls(tls: TlsSettings | null): void {
    if (tls === null && this.#tls.available) {
      throw new TlsSettingsError("[DEFAULT] cert: the file of the certificate in use is gone");
    }
    if (tls !== null) this.#tls.reload(secureContextOptions(tls));
  }

  drain(): Promise<void> {
    this.#server.close();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      this.#tellIfEmpty();
    });
  }

  close(): Promise<void> {
    // Its callback would wait for the connections handed over; the port itself is free at once.
    this.#server.close();
    for (const arrival of this.#arrivals) arrival.socket.destroy();
    for (const socket of this.#nameless) socket.destroy();
    return Promise.resolve();
  }

  #accept(socket: Socket): void {
    // Stays for good: an error between two owners must not end the process.
    socket.on("error", () => undefined);
    const address = peerAddress(socket);
    const { speakForOthers } = this.#options;
    if (address === null) {
      socket.destroy();
      return;
    }
    const place = this.#places.enter(socket, address);
    const acceptedMs = this.#options.now();
    if (speakForOthers !== undefined && isAmong(speakForOthers, address)) {
      this.#askSource(socket, place, acceptedMs);
    } else this.#receive(socket, address, place, acceptedMs);
  }

  /** Not counted against an address: it is not known yet whose it is. */
  #askSource(socket: Socket, place: Place, acceptedMs: number): void {
    const balancer = place.address;
    const { firstByteTimeoutMs, onRefused } = this.#options;
    const refuse = (why: string): void => {
      onRefused?.(balancer, why);
      socket.resetAndDestroy();
    };
    const deadline = setTimeout(() => {
      refuse(`sent no PROXY header within ${firstByteTimeoutMs} ms`);
    }, firstByteTimeoutMs);
    this.#nameless.add(socket);
    socket.once("close", () => {
      clearTimeout(deadline);
      this.#nameless.delete(socket);
      place.leave();
      this.#tellIfEmpty();
    });
    readProxyHeader(socket, {
      seen: (source) => {
        clearTimeout(deadline);
        this.#nameless.delete(socket);
        this.#receive(socket, source ?? balancer, place, acceptedMs);
        this.#tellIfEmpty();
      },
      failed: refuse,
      ended: () => {
        socket.destroy();
      },
    });
  }

  #receive(socket: Socket, address: string, place: Place, acceptedMs: number): void {
    const { countByRequest, firstByteTimeoutMs, now } = this.#options;
    const isCounted = countByRequest === undefined || !isAmong(countByRequest, address);
    if (isCounted && !place.countAs(address)) {
      place.cut();
      return;
    }
    const deadline = setTimeout(
      () => {
        this.#refuse(arrival, `sent nothing usable within ${firstByteTimeoutMs} ms`);
      },
      firstByteTimeoutMs - (now() - acceptedMs),
    );
    const arrival: Arrival = { socket, address, place, acceptedMs, deadline };
    this.#arrivals.add(arrival);
    socket.once("close", () => {
      place.leave();
      this.#settle(arrival);
      this.#tellIfEmpty();
    });
    this.#peek(arrival, socket, (firstByte) => {
      this.#sort(arrival, firstByte);
    });
  }

  #peek(arrival: Arrival, socket: Socket, sort: (firstByte: number | null) => void): void {
    peekFirstByte(socket, this.#options.firstWordTimeoutMs ?? null, {
      seen: sort,
      silent: () => {
        sort(null);
      },
      ended: () => {
        // A port scanner or a load balancer's check: nothing to tell anybody.
        arrival.socket.destroy();
        socket.destroy();
      },
    });
  }

  #sort(arrival: Arrival, firstByte: number | null): void {
    if (firstByte !== TLS_HANDSHAKE) {
      // Who is silent may still start TLS inside its own protocol: the caller's to insist on.
      if (this.#options.tlsOnly && firstByte !== null) {
        this.#refuse(arrival, "is not TLS, and ssl_only is set");
      } else this.#handOver(arrival, arrival.socket, { secure: false, firstByte });
    } else if (!this.#tls.available) {
      this.#refuse(arrival, "wants TLS, and there is no certificate");
    } else {
      this.#tls.unwrap(arrival.socket, {
        secured: (socket) => {
          const handOver = (inner: number | null): void => {
            this.#handOver(arrival, socket, { secure: true, firstByte: inner });
          };
          if (this.#options.firstWordTimeoutMs === undefined) handOver(null);
          else this.#peek(arrival, socket, handOver);
        },
        failed: (why) => {
          this.#refuse(arrival, why);
        },
      });
    }
  }

  #handOver(
    arrival: Arrival,
    socket: Socket | TLSSocket,
    seen: Pick<ConnectionInfo, "secure" | "firstByte">,
  ): void {
    if (!this.#settle(arrival)) {
      socket.destroy();
      return;
    }
    this.#options.onConnection(socket, {
      ...seen,
      acceptedMs: arrival.acceptedMs,
      viewerAddress: arrival.address,
      tokenShown: () => {
        arrival.place.leave();
      },
      place: arrival.place,
    });
    this.#tellIfEmpty();
  }

  #refuse(arrival: Arrival, why: string): void {
    if (!this.#settle(arrival)) return;
    this.#options.onRefused?.(arrival.address, why);
    // As nova's own: a reset, so that no client waits for an answer in a protocol it may not speak.
    arrival.socket.resetAndDestroy();
  }

  #tellIfEmpty(): void {
    if (this.#arrivals.size === 0 && this.#nameless.size === 0) this.#onEmpty();
  }

  /** @returns false if it was handed over or refused before */
  #settle(arrival: Arrival): boolean {
    clearTimeout(arrival.deadline);
    return this.#arrivals.delete(arrival);
  }
}
