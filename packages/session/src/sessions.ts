import type { SecurityHandler } from "@nova-console/rfb";
import type { ConnectInfo, TokenStore } from "@nova-console/token";
import { SessionRefusedError } from "./errors.ts";
import { Session, type SessionDependencies } from "./session.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { ViewerFront } from "./viewer-front.ts";

/** For viewers that are told of a stop and do not close: no stop waits for them. */
const LAST_WORDS_MS = 1_000;

/** What all sessions of one proxy share. */
export interface SessionsOptions {
  readonly tokens: TokenStore;
  readonly settings: SessionSettings;
  /** What is accepted from VNC servers, most wanted first. */
  readonly backendSecurity: readonly SecurityHandler[];
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  /** Called once for each session, when it has ended. */
  readonly onEnd: (record: SessionRecord) => void;
}

/** The live sessions of one proxy, and the caps on them. */
export class Sessions {
  readonly #options: SessionsOptions;
  /** The same for all: a session holds nothing of its own that it can share. */
  readonly #needs: SessionDependencies;
  readonly #live = new Set<Session>();
  /** Live sessions by token digest. */
  readonly #perToken = new Map<string, number>();
  readonly #running = new Set<Promise<SessionRecord>>();
  #draining = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    const { tokens, settings, backendSecurity, now } = options;
    this.#needs = {
      tokens,
      settings,
      backendSecurity,
      now,
      admitToken: (info) => {
        this.#admitToken(info);
      },
    };
  }

  /** Sessions that were opened and have not ended. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * Runs one session to its end; `onEnd` is told before this resolves.
   *
   * @returns never rejects
   */
  async open(front: ViewerFront): Promise<SessionRecord> {
    const { settings } = this.#options;
    const session = new Session(front, this.#needs);
    if (this.#draining) session.end("proxy-shutdown", "the proxy is being stopped");
    else if (this.#live.size >= settings.maxSessions) {
      session.end("too-many-sessions", `max_sessions = ${settings.maxSessions} are open`);
    } else this.#live.add(session);
    const running = session.run();
    this.#running.add(running);
    const record = await running;
    this.#running.delete(running);
    this.#live.delete(session);
    this.#forgetToken(session.info);
    this.#options.onEnd(record);
    return record;
  }

  /**
   * Takes no more sessions and waits for those that live.
   *
   * @param limitMs - after which the rest is ended, and given a second for its last words; 0: never
   */
  async drain(limitMs: number): Promise<void> {
    this.#draining = true;
    if (limitMs === 0) {
      await this.#untilNoneRuns();
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const cut = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        for (const session of this.#live) session.end("proxy-shutdown", "drain_timeout is over");
        timer = setTimeout(resolve, LAST_WORDS_MS);
      }, limitMs);
    });
    await Promise.race([this.#untilNoneRuns(), cut]);
    clearTimeout(timer);
  }

  async #untilNoneRuns(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #admitToken(info: ConnectInfo): void {
    const { maxSessionsPerToken } = this.#options.settings;
    const open = this.#perToken.get(info.tokenDigest) ?? 0;
    if (open >= maxSessionsPerToken) {
      throw new SessionRefusedError(
        "too-many-sessions",
        `max_sessions_per_token = ${maxSessionsPerToken} are open`,
      );
    }
    this.#perToken.set(info.tokenDigest, open + 1);
  }

  #forgetToken(info: ConnectInfo | null): void {
    if (info === null) return;
    const open = this.#perToken.get(info.tokenDigest) ?? 0;
    if (open > 1) this.#perToken.set(info.tokenDigest, open - 1);
    else this.#perToken.delete(info.tokenDigest);
  }
}
