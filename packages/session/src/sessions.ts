import type { BackendPolicy } from "@nova-console/connector";
import type { SecurityHandler } from "@nova-console/rfb";
import type { TokenStore } from "@nova-console/token";
import { Admission, type SessionSlots } from "./admission.ts";
import type { PortCheck } from "./port-check.ts";
import { Session, type SessionDependencies } from "./session.ts";
import type { LiveSession, SessionFacts, SessionRecord } from "./session-record.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { ViewerFront } from "./viewer-front.ts";

/** For viewers that are told of a stop and do not close: no stop waits for them. */
const LAST_WORDS_MS = 1_000;

/** What all sessions of one proxy share. */
export interface SessionsOptions {
  readonly tokens: TokenStore;
  /** Asked whether the port is still the instance's; absent: that is taken for granted. */
  readonly portCheck?: PortCheck | undefined;
  readonly settings: SessionSettings;
  /** Counts the sessions of all processes that share a port; absent: there is this one only. */
  readonly slots?: SessionSlots | undefined;
  /** Where tokens may lead. */
  readonly backendPolicy: BackendPolicy;
  /** What is accepted from VNC servers, most wanted first. */
  readonly backendSecurity: readonly SecurityHandler[];
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  /** Milliseconds since the epoch: when tokens expire. */
  readonly wallClock: () => number;
  /** Called when a viewer gets its screen; `durationMs` is the time since it asked for it. */
  readonly onOpen?: ((session: SessionFacts) => void) | undefined;
  /** Called once for each session, when it has ended. */
  readonly onEnd: (record: SessionRecord) => void;
}

/** The live sessions of one proxy, and the caps on them. */
export class Sessions {
  readonly #options: SessionsOptions;
  /** The same for all: a session holds nothing of its own that it can share. */
  readonly #needs: SessionDependencies;
  readonly #live = new Set<Session>();
  readonly #running = new Set<Promise<SessionRecord>>();
  #lastNumber = 0;
  #draining = false;
  /** Ends the wait of a drain. */
  #giveUp: () => void = () => undefined;
  #lastWords: NodeJS.Timeout | undefined;

  constructor(options: SessionsOptions) {
    this.#options = options;
    const { tokens, portCheck, settings, slots, backendPolicy, backendSecurity } = options;
    const { now, wallClock, onOpen } = options;
    const admission = new Admission(settings, slots);
    this.#needs = {
      ...{ tokens, portCheck, settings, backendPolicy, backendSecurity },
      ...{ now, wallClock, admission, onOpen },
    };
  }

  /** Sessions that were opened and have not ended. */
  get size(): number {
    return this.#live.size;
  }

  /** What there is to tell of those that live, the oldest first. */
  list(): LiveSession[] {
    return Array.from(this.#live, (session) => session.live());
  }

  /**
   * Ends one at the wish of an operator.
   *
   * @param number - as {@link list} has it
   * @returns false if there is none
   */
  end(number: number): boolean {
    for (const session of this.#live) {
      if (session.number !== number) continue;
      session.end("ended-by-operator", "ended at the admin address");
      return true;
    }
    return false;
  }

  /**
   * Runs one session to its end; `onEnd` is told before this resolves. The session counts against
   * `maxSessions` from the moment that its token is known to be good: the listener bounds those before.
   *
   * @returns never rejects
   */
  async open(front: ViewerFront): Promise<SessionRecord> {
    const session = new Session(++this.#lastNumber, front, this.#needs);
    if (this.#draining) session.end("proxy-shutdown", "the proxy is being stopped");
    else this.#live.add(session);
    const running = session.run();
    this.#running.add(running);
    const record = await running;
    this.#running.delete(running);
    this.#live.delete(session);
    if (session.info !== null) this.#needs.admission.leave(session.info);
    this.#options.onEnd(record);
    return record;
  }

  /** @returns when those that live now are open or over: none of them asks about its token any more */
  async entered(): Promise<void> {
    await Promise.all(Array.from(this.#live, (session) => session.entered()));
  }

  /**
   * Takes no more sessions and waits for those that live.
   *
   * @param limitMs - after which the rest is ended, and given a second for its last words; 0: never
   * @param latecomers - until this resolves sessions are still taken; absent: no longer
   */
  async drain(limitMs: number, latecomers?: Promise<void>): Promise<void> {
    const cut = new Promise<void>((resolve) => {
      this.#giveUp = resolve;
    });
    const limit =
      limitMs === 0
        ? undefined
        : setTimeout(() => {
            this.cut("drain_timeout is over");
          }, limitMs);
    if (latecomers === undefined) this.#draining = true;
    await Promise.race([this.#untilNoneComes(latecomers), cut]);
    clearTimeout(limit);
    clearTimeout(this.#lastWords);
  }

  /**
   * Ends all sessions; a drain waits a second longer, for their last words.
   *
   * @param why - for the log
   */
  cut(why: string): void {
    this.#draining = true;
    for (const session of this.#live) session.end("proxy-shutdown", why);
    this.#lastWords ??= setTimeout(() => {
      this.#giveUp();
    }, LAST_WORDS_MS);
  }

  async #untilNoneComes(latecomers: Promise<void> | undefined): Promise<void> {
    await latecomers;
    this.#draining = true;
    await this.#untilNoneRuns();
  }

  async #untilNoneRuns(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
