import type { FromWorker, ToWorker } from "./messages.ts";
import { slotShare } from "./slot-share.ts";

/** Longest that the primary process may take for an answer is between one and two of these. */
const ANSWER_ROUND_MS = 5_000;

/** What {@link SharedSlots} needs. */
export interface SharedSlotsOptions {
  /** By what name the primary process knows them. */
  readonly name: string;
  /** Slots of each key, of all workers together. */
  readonly most: number;
  readonly workers: number;
  readonly seat: number;
  /** Keys of which nothing may be taken without asking. */
  readonly pooled: readonly string[];
  readonly send: (message: FromWorker) => void;
}

interface Asked {
  readonly key: string;
  readonly answer: (isGranted: boolean) => void;
  readonly round: number;
  /** Nobody waits any more: what is granted now goes back. */
  isLate: boolean;
}

/**
 * Slots that all workers share, as one of them sees them.
 *
 * Each worker has a share of every key's slots, which it takes and gives back without a word: a
 * message there and back would cost an open console a fifth more. Who wants more than its share asks
 * the primary process, which pools the slots of that key from then on and counts each of them.
 */
export class SharedSlots {
  readonly #options: SharedSlotsOptions;
  readonly #used = new Map<string, number>();
  readonly #pooled: Set<string>;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  /** Advanced by one timer for all questions, so that none of them needs its own. */
  #round = 0;
  #timer: NodeJS.Timeout | null = null;
  #isAlone = false;

  constructor(options: SharedSlotsOptions) {
    this.#options = options;
    this.#pooled = new Set(options.pooled);
  }

  /** @returns whether there was one */
  take(key: string): boolean | Promise<boolean> {
    const { name, send } = this.#options;
    const used = this.#used.get(key) ?? 0;
    if (used < this.#mayTake(key)) {
      this.#used.set(key, used + 1);
      return true;
    }
    if (this.#isAlone) return false;
    const id = ++this.#lastId;
    return new Promise((answer) => {
      this.#asked.set(id, { key, answer, round: this.#round, isLate: false });
      if (this.#timer === null) this.#timer = this.#startRound();
      send({ kind: "take", id, slots: name, key });
    });
  }

  giveBack(key: string): void {
    const { name, send } = this.#options;
    const used = (this.#used.get(key) ?? 0) - 1;
    if (used > 0) this.#used.set(key, used);
    else this.#used.delete(key);
    if (this.#pooled.has(key)) send({ kind: "give-back", slots: name, key });
  }

  /** Takes in what the primary process says of these slots. */
  receive(message: Extract<ToWorker, { readonly slots: string }>): void {
    const { name, send } = this.#options;
    switch (message.kind) {
      case "pool": {
        const { key } = message;
        this.#pooled.add(key);
        send({ kind: "counted", slots: name, key, used: this.#used.get(key) ?? 0 });
        break;
      }
      case "share-out":
        this.#pooled.delete(message.key);
        break;
      case "taken":
        this.#answered(message.id, message.isGranted);
        break;
    }
  }

  /**
   * Nobody answers any more, and nobody new comes: those who were about to open a console are counted
   * against what this process has. To refuse them would cost somebody a console whose limit is far.
   */
  primaryIsGone(): void {
    this.#isAlone = true;
    for (const [id, { key }] of [...this.#asked]) {
      this.#answered(id, (this.#used.get(key) ?? 0) < this.#options.most);
    }
  }

  /** How many of a key this worker may have without asking. */
  #mayTake(key: string): number {
    const { most, workers, seat } = this.#options;
    if (this.#isAlone) return most;
    return this.#pooled.has(key) ? 0 : slotShare(key, most, workers, seat);
  }

  #answered(id: number, isGranted: boolean): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    // At once: the next message may ask how many are in use.
    if (isGranted) this.#used.set(asked.key, (this.#used.get(asked.key) ?? 0) + 1);
    if (!asked.isLate) asked.answer(isGranted);
    else if (isGranted) this.giveBack(asked.key);
  }

  #startRound(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#round += 1;
      for (const asked of this.#asked.values()) {
        if (asked.round > this.#round - 2 || asked.isLate) continue;
        asked.isLate = true;
        asked.answer(false);
      }
      this.#timer = this.#asked.size > 0 ? this.#startRound() : null;
    }, ANSWER_ROUND_MS).unref();
  }
}
