/** Counts what each address holds, up to a limit; an address that holds nothing costs nothing. */
export class AddressSlots {
  readonly #limit: number;
  readonly #held = new Map<string, number>();

  /** @param limit - most slots of one address */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Addresses that hold a slot now. */
  get size(): number {
    return this.#held.size;
  }

  /** @returns what gives the slot back (calling it again does nothing), or null if there is none left */
  take(address: string): (() => void) | null {
    const held = this.#held.get(address) ?? 0;
    if (held >= this.#limit) return null;
    this.#held.set(address, held + 1);
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      const left = (this.#held.get(address) ?? 1) - 1;
      if (left === 0) this.#held.delete(address);
      else this.#held.set(address, left);
    };
  }
}
