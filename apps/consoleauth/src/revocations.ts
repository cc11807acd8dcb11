import { type TokenAuthority, validateInstanceUuid } from "@nova-console/token";
import { InstanceOrder } from "./instance-order.ts";

/** Where revocations are logged. */
interface RevocationLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

/** What became of revocations, for metrics. */
export interface RevocationCounts {
  /** The store took them. */
  done: number;
  /** Attempts that the store did not take. */
  failedAttempts: number;
  /** Given up after the longest time: their tokens have expired, unless made with a longer one. */
  givenUp: number;
  /** Not taken yet. */
  pending: number;
}

/** What {@link Revocations} works with. */
export interface RevocationNeeds {
  readonly store: Pick<TokenAuthority, "revokeInstance">;
  readonly log: RevocationLog;
  /** For how long one is tried, in milliseconds. */
  readonly limitMs: () => number;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
}

interface Revocation {
  readonly instance: string;
  readonly sinceMs: number;
  readonly lost: AbortSignal | undefined;
  isWarned: boolean;
  isSettled: boolean;
  readonly resolve: () => void;
}

/** At a time while the store is well; one at a time while it is not. */
const MAX_AT_WORK = 8;
const FIRST_DELAY_MS = 50;
/** As short as the tokens of deleted instances may be good after the store's return. */
const LONGEST_DELAY_MS = 500;

/**
 * Revocations that are not lost when the store is away: each is tried until the store takes it.
 *
 * While one fails the others wait with it, so that a store that is away is asked by one at a time, with
 * a back-off. Deletes have no cutoff by time: `created_at` is in rounded seconds, of another host's
 * clock. {@link Revocations.runAfter} keeps the order instead: a token that is made after a revocation
 * came is not deleted by it, however late it is tried.
 */
export class Revocations {
  readonly counts: RevocationCounts = { done: 0, failedAttempts: 0, givenUp: 0, pending: 0 };
  readonly #needs: RevocationNeeds;
  readonly #order = new InstanceOrder();
  #waiting: Revocation[] = [];
  readonly #atWork = new Set<Revocation>();
  #delayMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #lastReason = "";
  #isStopped = false;

  constructor(needs: RevocationNeeds) {
    this.#needs = needs;
  }

  /**
   * Revokes the tokens of an instance.
   *
   * @param lost - aborted when the broker will deliver this again: the next one of the instance replaces it then
   * @returns when the store took it, or after the longest time; never after {@link stop}
   * @throws {@link InvalidConsoleRequestError} if it is no UUID
   */
  async revoke(instanceUuid: string, lost?: AbortSignal): Promise<void> {
    const instance = validateInstanceUuid(instanceUuid);
    this.#dropLost(instance);
    await new Promise<void>((resolve) => {
      const sinceMs = this.#needs.now();
      const revocation = { instance, sinceMs, lost, isWarned: false, isSettled: false, resolve };
      this.counts.pending += 1;
      this.#waiting.push(revocation);
      if (this.#delayMs > 0) this.#warn(revocation);
      this.#next();
    });
  }

  /**
   * Does something with an instance's tokens after what came before: revocations that are still to be
   * done are done first. One that comes later is done later.
   *
   * @throws what the store says to an earlier revocation: the task is not begun then; what it throws itself
   */
  runAfter<T>(instanceUuid: string, task: () => Promise<T>): Promise<T> {
    const instance = instanceUuid.toLowerCase();
    const owed = [...this.#atWork, ...this.#waiting].filter((each) => each.instance === instance);
    // No longer than the store takes: without revocations nothing waits for its turn.
    if (owed.length === 0) return this.#order.runTogether(instance, task);
    return this.#order.runAlone(instance, async () => {
      const left = owed.filter(({ isSettled }) => !isSettled);
      if (left.length > 0) {
        const revoked = await this.#needs.store.revokeInstance(instance);
        for (const revocation of left) this.#done(revocation, revoked);
      }
      return task();
    });
  }

  /** Tries no more. What is pending stays with the message broker, which was not told that it is done. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting.length = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Else a broker that comes and goes while the store is away would add all that wait each time. */
  #dropLost(instance: string): void {
    this.#waiting = this.#waiting.filter((each) => {
      const isLost = each.lost?.aborted === true && each.instance === instance;
      if (isLost && !each.isSettled) this.#settle(each);
      return !isLost;
    });
  }

  #next(): void {
    if (this.#isStopped || this.#timer !== null) return;
    const most = this.#delayMs === 0 ? MAX_AT_WORK : 1;
    while (this.#atWork.size < most) {
      const revocation = this.#waiting.shift();
      if (revocation === undefined) return;
      if (!revocation.isSettled) void this.#attempt(revocation);
    }
  }

  async #attempt(revocation: Revocation): Promise<void> {
    this.#atWork.add(revocation);
    const { instance } = revocation;
    try {
      await this.#order.runAlone(instance, async () => {
        // Settled while it waited for its turn, by what was made after it.
        if (revocation.isSettled) return;
        this.#done(revocation, await this.#needs.store.revokeInstance(instance));
      });
      this.#delayMs = 0;
    } catch (error) {
      this.#failed(revocation, error);
    }
    this.#atWork.delete(revocation);
    this.#next();
  }

  #done(revocation: Revocation, revoked: number): void {
    // It was given up meanwhile.
    if (revocation.isSettled) return;
    this.counts.done += 1;
    const { instance, isWarned, sinceMs } = revocation;
    const late = isWarned ? { afterMs: Math.round(this.#needs.now() - sinceMs) } : {};
    this.#needs.log.info("consoles revoked over RPC", { instance, revoked, ...late });
    this.#settle(revocation);
  }

  #settle(revocation: Revocation): void {
    revocation.isSettled = true;
    this.counts.pending -= 1;
    revocation.resolve();
  }

  #failed(revocation: Revocation, error: unknown): void {
    if (this.#isStopped) return;
    this.counts.failedAttempts += 1;
    this.#lastReason = error instanceof Error ? error.message : String(error);
    // Those that wait with it may not be tried for a long time, and are named now.
    for (const each of [revocation, ...this.#waiting]) this.#warn(each);
    if (this.#needs.now() - revocation.sinceMs >= this.#needs.limitMs()) {
      this.#giveUp(revocation);
      return;
    }
    // Behind the others: what fails for a reason of its own does not keep them from their turn.
    this.#waiting.push(revocation);
    if (this.#timer !== null) return;
    this.#delayMs = Math.min(Math.max(this.#delayMs * 2, FIRST_DELAY_MS), LONGEST_DELAY_MS);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#next();
    }, this.#delayMs);
  }

  #warn(revocation: Revocation): void {
    if (revocation.isWarned) return;
    revocation.isWarned = true;
    const { instance } = revocation;
    this.#needs.log.warn("consoles of an instance cannot be revoked yet, trying until they can", {
      instance,
      reason: this.#lastReason,
    });
  }

  #giveUp(revocation: Revocation): void {
    this.counts.givenUp += 1;
    const { instance } = revocation;
    const remedy = `nova-consoleauth revoke --instance ${instance}`;
    this.#needs.log.warn(
      "consoles of an instance could not be revoked, and are given up: tokens with a longer life may still open them",
      { instance, reason: this.#lastReason, remedy },
    );
    this.#settle(revocation);
  }
}
