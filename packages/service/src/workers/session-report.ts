import type { OpenedSession, OpenSessions } from "../session-log.ts";
import type { FromWorker } from "./messages.ts";

/** How long changes are gathered: a crowd of viewers costs ten messages a second. */
const INTERVAL_MS = 100;

/**
 * Tells the primary process which sessions a worker has open, so that it can write their last lines
 * if the worker is killed. Sessions shorter than the interval are not told.
 */
export class SessionReport implements OpenSessions {
  readonly #send: (message: FromWorker) => void;
  readonly #opened = new Map<number, OpenedSession>();
  readonly #ended = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  opened(session: OpenedSession): void {
    this.#opened.set(session.number, session);
    this.#startTimer();
  }

  ended(number: number): void {
    if (this.#opened.delete(number)) return;
    this.#ended.add(number);
    this.#startTimer();
  }

  /** Tells what has changed now, and not when the interval is over. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#opened.size + this.#ended.size === 0) return;
    this.#send({ kind: "sessions", opened: [...this.#opened.values()], ended: [...this.#ended] });
    this.#opened.clear();
    this.#ended.clear();
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, INTERVAL_MS).unref();
  }
}
