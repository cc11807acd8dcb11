import type { ServiceView } from "./admin/service-view.ts";

/** The sessions of a proxy; see there. */
interface LiveSessions extends Pick<ServiceView, "list" | "end"> {
  readonly size: number;
  cut(why: string): void;
  entered(): Promise<void>;
  drain(limitMs: number, latecomers?: Promise<void>): Promise<void>;
}

/** What {@link ListeningProxy} is made of. */
export interface ProxyParts<Settings> {
  /** Accepts connections, and hands them to the door. */
  readonly listener: {
    address(): { readonly host: string; readonly port: number };
    drain(): Promise<void>;
    close(): Promise<void>;
  };
  /** Makes sessions of connections. */
  readonly door: { drain(): Promise<void>; close(): void };
  readonly sessions: LiveSessions;
  /** For open sessions at the end; 0: until they end. */
  readonly drainTimeoutMs: number;
  /** See {@link ListeningProxy.reload}. */
  readonly reload: (settings: Settings) => void;
}

/** A proxy that listens, of either kind: what is the same for both. */
export class ListeningProxy<Settings> {
  readonly #parts: ProxyParts<Settings>;

  constructor(parts: ProxyParts<Settings>) {
    this.#parts = parts;
  }

  /** Sessions that are open. */
  get sessions(): number {
    return this.#parts.sessions.size;
  }

  /** Those sessions one by one. */
  get live(): Pick<LiveSessions, "list" | "end" | "cut"> {
    return this.#parts.sessions;
  }

  address(): { readonly host: string; readonly port: number } {
    return this.#parts.listener.address();
  }

  /**
   * New connections get these settings, as far as they can change without a restart.
   *
   * @throws as the proxy's start, and if there is no certificate any more; the old one is kept
   */
  reload(settings: Settings): void {
    this.#parts.reload(settings);
  }

  /** Stops accepting, lets open sessions end for as long as `drain_timeout` says, and closes. */
  async stop(): Promise<void> {
    const { listener, door, sessions, drainTimeoutMs } = this.#parts;
    await listener.close();
    door.close();
    await sessions.drain(drainTimeoutMs);
  }

  /**
   * The same for a proxy that another one follows on its port: stops accepting at once, and still
   * serves who has connected.
   *
   * @param noneAsks - called when every session has what it needs of stores and brokers
   */
  async leave(noneAsks: () => void): Promise<void> {
    const { listener, door, sessions, drainTimeoutMs } = this.#parts;
    const handedOver = listener.drain();
    const latecomers = (async (): Promise<void> => {
      await handedOver;
      await door.drain();
    })();
    const gone = sessions.drain(drainTimeoutMs, latecomers);
    void latecomers.then(() => sessions.entered()).then(noneAsks);
    await gone;
    await listener.close();
    door.close();
  }
}
