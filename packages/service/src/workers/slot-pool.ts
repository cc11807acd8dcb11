import type { ToWorker } from "./messages.ts";
import { slotShare } from "./slot-share.ts";

/** A worker, as far as slots are concerned. */
export interface SlotOwner {
  readonly seat: number;
  send(message: ToWorker): void;
}

/** A key whose slots are counted here. */
interface PooledKey {
  /** How many each worker has. */
  readonly used: Map<SlotOwner, number>;
  /** Workers that have not said yet how many they have. */
  readonly uncounted: Set<SlotOwner>;
  readonly waiting: { readonly owner: SlotOwner; readonly id: number }[];
}

/** The primary process' side of `SharedSlots`: counts the slots of those keys that are in demand. */
export class SlotPool {
  readonly #name: string;
  readonly #most: number;
  readonly #workers: number;
  readonly #owners = new Set<SlotOwner>();
  readonly #pooled = new Map<string, PooledKey>();

  /**
   * @param most - slots of each key
   * @param workers - how many workers share them
   */
  constructor(name: string, most: number, workers: number) {
    this.#name = name;
    this.#most = most;
    this.#workers = workers;
  }

  get most(): number {
    return this.#most;
  }

  /** Takes a new worker in, which has none yet. @returns the keys that it must ask for */
  join(owner: SlotOwner): string[] {
    this.#owners.add(owner);
    for (const { used } of this.#pooled.values()) used.set(owner, 0);
    return [...this.#pooled.keys()];
  }

  /** A worker is gone, and what it had is free. */
  leave(owner: SlotOwner): void {
    this.#owners.delete(owner);
    for (const [key, pooled] of this.#pooled) {
      pooled.used.delete(owner);
      pooled.uncounted.delete(owner);
      this.#answer(key, pooled);
    }
  }

  /** A worker wants one more than its share, or one of a key that is pooled. */
  take(owner: SlotOwner, id: number, key: string): void {
    const pooled = this.#pooled.get(key) ?? this.#pool(key);
    pooled.waiting.push({ owner, id });
    this.#answer(key, pooled);
  }

  giveBack(owner: SlotOwner, key: string): void {
    const pooled = this.#pooled.get(key);
    // What it gives back before it has said how many it has is not among those.
    if (pooled === undefined || pooled.uncounted.has(owner)) return;
    pooled.used.set(owner, (pooled.used.get(owner) ?? 0) - 1);
    this.#answer(key, pooled);
  }

  /** A worker says how many it has. */
  counted(owner: SlotOwner, key: string, used: number): void {
    const pooled = this.#pooled.get(key);
    if (pooled?.uncounted.delete(owner) !== true) return;
    pooled.used.set(owner, used);
    this.#answer(key, pooled);
  }

  #pool(key: string): PooledKey {
    const pooled: PooledKey = { used: new Map(), uncounted: new Set(this.#owners), waiting: [] };
    this.#pooled.set(key, pooled);
    for (const owner of this.#owners) owner.send({ kind: "pool", slots: this.#name, key });
    return pooled;
  }

  #answer(key: string, pooled: PooledKey): void {
    const { used, uncounted, waiting } = pooled;
    if (uncounted.size > 0) return;
    let inUse = 0;
    for (const count of used.values()) inUse += count;
    for (const { owner, id } of waiting.splice(0)) {
      // It may have died meanwhile.
      if (!this.#owners.has(owner)) continue;
      const isGranted = inUse < this.#most;
      if (isGranted) {
        inUse += 1;
        used.set(owner, (used.get(owner) ?? 0) + 1);
      }
      owner.send({ kind: "taken", slots: this.#name, id, isGranted });
    }
    if (this.#isCalm(key, used)) {
      this.#pooled.delete(key);
      for (const owner of this.#owners) owner.send({ kind: "share-out", slots: this.#name, key });
    }
  }

  /** Whether nobody needs more than half its share, so that it does not go back and forth. */
  #isCalm(key: string, used: ReadonlyMap<SlotOwner, number>): boolean {
    for (const [{ seat }, count] of used) {
      if (count > slotShare(key, this.#most, this.#workers, seat) / 2) return false;
    }
    return true;
  }
}
