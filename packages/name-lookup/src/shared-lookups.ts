import type { LookupAddress } from "node:dns";
import { NameLookupFailedError, NameLookupTimeoutError } from "./errors.ts";
import { type Lane, Lanes } from "./lanes.ts";

/** How long an answer may stand in for a new one that does not come, as RFC 8767 allows. */
const MAX_AGE_MS = 60 * 60_000;
/** How long a new answer is waited for while there is an older one. */
const GRACE_MS = 500;
/** A look-up that takes longer is slow; the next one of that name runs in the lane of such names. */
const SLOW_MS = 1_000;
/** Names whose last answers are kept. The one that was asked for longest ago is dropped first. */
const MAX_KEPT = 4_096;

/** Codes of Node's that mean: there is no such name, or it has no address. */
const NO_ADDRESS = new Set(["ENOTFOUND", "ENODATA"]);

/** Addresses as the name service has them in order; must not be changed. */
export type Addresses = readonly LookupAddress[];

/** What is asked of the name service. */
export interface Question {
  readonly hostname: string;
  /** 4, 6, or 0 for both. */
  readonly family: number;
  /** As `dns.lookup`. */
  readonly hints: number;
}

/** How long an answer is waited for. */
export interface Limit {
  readonly timeoutMs: number;
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Where {@link SharedLookups} gets its answers and the time. */
export interface SharedLookupsOptions {
  /** As `dns.lookup` with `all: true`; calls back once, never before it returns. */
  readonly lookup: (
    question: Question,
    callback: (error: NodeJS.ErrnoException | null, addresses: Addresses) => void,
  ) => void;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
}

/** A name and what is known of it. */
interface Name {
  readonly key: string;
  readonly question: Question;
  /** null before its first answer, and after an answer without addresses. */
  addresses: Addresses | null;
  answeredMs: number;
  isSlow: boolean;
  /** When its current look-up was asked for. */
  askedMs: number;
  isRunning: boolean;
  readonly waiters: Set<(error: NodeJS.ErrnoException | null) => void>;
}

/**
 * Look-ups of names: one at a time for each, shared by all that wait for it.
 *
 * Each question starts a look-up unless one is under way. The last answer is given while a new one
 * hangs or fails, for an hour at most; a new answer always replaces it.
 */
export class SharedLookups {
  readonly #options: SharedLookupsOptions;
  readonly #lanes: Lanes<Name>;
  /** Names whose look-up is queued or running, by key. */
  readonly #active = new Map<string, Name>();
  /** The other names, the one asked for longest ago first. */
  readonly #kept = new Map<string, Name>();

  constructor(options: SharedLookupsOptions) {
    this.#options = options;
    this.#lanes = new Lanes((name, done) => {
      this.#run(name, done);
    });
  }

  /** Names that are held in memory. */
  get size(): number {
    return this.#active.size + this.#kept.size;
  }

  /**
   * Finds the addresses of a name.
   *
   * @param callback - called once, never before this returns; `error` is a {@link NameLookupError} or
   *   the signal's reason
   */
  ask(
    question: Question,
    limit: Limit,
    callback: (error: Error | null, addresses: Addresses) => void,
  ): void {
    const name = this.#begin(question);
    if (name === null) {
      const error = new NameLookupFailedError(question.hostname, "too many names are looked up");
      process.nextTick(callback, error, []);
      return;
    }
    const kept = this.#usable(name);
    const waitedMs = this.#options.now() - name.askedMs;
    if (kept !== null && (name.isSlow || waitedMs >= GRACE_MS)) {
      process.nextTick(callback, null, kept);
      return;
    }
    this.#wait(name, kept, limit, callback);
  }

  /** @returns null if too many wait already */
  #begin(question: Question): Name | null {
    const key = `${question.family} ${question.hints} ${question.hostname.toLowerCase()}`;
    const underWay = this.#active.get(key);
    if (underWay !== undefined) return underWay;
    if (this.#lanes.isFull) return null;
    const name = this.#kept.get(key) ?? newName(key, question);
    name.askedMs = this.#options.now();
    this.#kept.delete(key);
    this.#active.set(key, name);
    this.#lanes.add(name, laneOf(name));
    return name;
  }

  /** @param kept - given when the new answer is late, or there is none */
  #wait(
    name: Name,
    kept: Addresses | null,
    { timeoutMs, signal }: Limit,
    callback: (error: Error | null, addresses: Addresses) => void,
  ): void {
    const { hostname } = name.question;
    const settle = (error: Error | null, addresses: Addresses): void => {
      if (!name.waiters.delete(onAnswer)) return;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      callback(error, addresses);
    };
    const onAnswer = (error: NodeJS.ErrnoException | null): void => {
      const addresses = this.#usable(name);
      if (addresses !== null) settle(null, addresses);
      else settle(failure(hostname, error), []);
    };
    const giveUp = (error: Error): void => {
      settle(error, []);
      this.#forgetIfUnwanted(name);
    };
    const onTimeout = (): void => {
      if (kept !== null) settle(null, kept);
      else giveUp(new NameLookupTimeoutError(hostname, timeoutMs));
    };
    const onAbort = (): void => {
      giveUp(signal?.reason as Error);
    };
    const timer = setTimeout(onTimeout, kept === null ? timeoutMs : Math.min(GRACE_MS, timeoutMs));
    name.waiters.add(onAnswer);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) process.nextTick(onAbort);
  }

  #run(name: Name, done: () => void): void {
    const startedMs = this.#options.now();
    name.isRunning = true;
    const onAnswer = (error: NodeJS.ErrnoException | null, addresses: Addresses): void => {
      const nowMs = this.#options.now();
      name.isSlow = nowMs - startedMs > SLOW_MS;
      if (error === null || NO_ADDRESS.has(error.code ?? "")) {
        name.addresses = error !== null || addresses.length === 0 ? null : addresses;
        name.answeredMs = nowMs;
      }
      name.isRunning = false;
      this.#keep(name);
      done();
      for (const waiter of [...name.waiters]) waiter(error);
    };
    try {
      this.#options.lookup(name.question, onAnswer);
    } catch (error) {
      process.nextTick(onAnswer, error, []);
    }
  }

  /** Moves a name whose look-up is over to those that are kept, if anything is known of it. */
  #keep(name: Name): void {
    this.#active.delete(name.key);
    if (name.addresses === null && !name.isSlow) return;
    this.#kept.set(name.key, name);
    if (this.#kept.size <= MAX_KEPT) return;
    for (const [oldest] of this.#kept) {
      this.#kept.delete(oldest);
      break;
    }
  }

  /** Drops a look-up that has not begun and that nothing waits for any more. */
  #forgetIfUnwanted(name: Name): void {
    if (name.isRunning || name.waiters.size > 0 || !this.#active.has(name.key)) return;
    this.#lanes.remove(name);
    this.#keep(name);
  }

  /** The addresses of the last answer, unless there are none or they are too old. */
  #usable({ addresses, answeredMs }: Name): Addresses | null {
    return this.#options.now() - answeredMs > MAX_AGE_MS ? null : addresses;
  }
}

function newName(key: string, question: Question): Name {
  const nothingKnown = { addresses: null, answeredMs: -Infinity, isSlow: false };
  return { key, question, ...nothingKnown, askedMs: 0, isRunning: false, waiters: new Set() };
}

function laneOf({ addresses, isSlow }: Name): Lane {
  if (isSlow) return "slow";
  return addresses === null ? "new" : "known";
}

function failure(hostname: string, cause: NodeJS.ErrnoException | null): NameLookupFailedError {
  return cause === null
    ? new NameLookupFailedError(hostname, "it has no address")
    : new NameLookupFailedError(hostname, cause.message, { cause });
}
