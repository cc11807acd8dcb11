import { CountedSlots, type Slots } from "@nova-console/session";

const WINDOW_MS = 60_000;

/** Wrong passwords that a minute may bring: one has 46 bits, and nobody guesses it before its token has expired. */
export const MOST_ATTEMPTS = { perAddress: 10, inAll: 120 } as const;

/** Where attempts count; its one key `inAll` is "". */
export interface AttemptSlots {
  readonly perAddress: Slots;
  readonly inAll: Slots;
}

/** Counts the attempts that one process sees. */
export function ownAttemptSlots(): AttemptSlots {
  const { perAddress, inAll } = MOST_ATTEMPTS;
  return { perAddress: new CountedSlots(perAddress), inAll: new CountedSlots(inAll) };
}

/**
 * Limits how often passwords may be tried, for each address and in all.
 *
 * An attempt counts from its start, so that many at a time are limited as well, and for a minute; not
 * if it was right.
 */
export class AttemptLimit {
  readonly #slots: AttemptSlots;

  constructor(slots: AttemptSlots) {
    this.#slots = slots;
  }

  /** @returns null if there is no attempt left for this address, or in all */
  async take(address: string): Promise<Attempt | null> {
    const { perAddress, inAll } = this.#slots;
    if (!(await perAddress.take(address))) return null;
    if (!(await inAll.take(""))) {
      perAddress.giveBack(address);
      return null;
    }
    return new Attempt(() => {
      perAddress.giveBack(address);
      inAll.giveBack("");
    });
  }
}

/** One attempt that counts. */
export class Attempt {
  readonly #giveBack: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
    // Nothing waits for it: with the process the count is gone as well.
    this.#timer = setTimeout(giveBack, WINDOW_MS).unref();
  }

  /** It was right, and does not count. */
  wasRight(): void {
    clearTimeout(this.#timer);
    this.#giveBack();
  }
}
