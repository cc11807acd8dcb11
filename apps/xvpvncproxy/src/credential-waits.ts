import { SessionRefusedError } from "@nova-console/session";
import { networkOf } from "@nova-console/throttle";

/** One viewer whose person is asked for a token. */
export interface CredentialWait {
  /** Aborted with a {@link SessionRefusedError} when the wait is over. */
  readonly signal: AbortSignal;
  /** Ends the count and the timer; to be called once, however the wait ended. */
  readonly finish: () => void;
}

/**
 * The stock viewers whose persons are asked for a token: each for a limited time, and a limited number
 * of them. One too many ends the oldest wait of the network that has the most, so that one crowd does
 * not end the waits of others.
 */
export class CredentialWaits {
  readonly #limitMs: number;
  readonly #most: number;
  /** By network; in each the oldest first. None of the sets is empty. */
  readonly #waiting = new Map<string, Set<AbortController>>();
  #count = 0;

  /**
   * @param limitMs - for each wait
   * @param most - waits at a time
   */
  constructor(limitMs: number, most: number) {
    this.#limitMs = limitMs;
    this.#most = most;
  }

  /** Begins a wait. */
  begin(address: string): CredentialWait {
    const network = networkOf(address);
    const ending = new AbortController();
    const timer = setTimeout(() => {
      ending.abort(late(`no token was shown within ${this.#limitMs} ms (credential_timeout)`));
    }, this.#limitMs);
    const finish = (): void => {
      clearTimeout(timer);
      this.#remove(network, ending);
    };
    if (this.#count >= this.#most) this.#endOne();
    const neighbours = this.#waiting.get(network) ?? new Set();
    this.#waiting.set(network, neighbours.add(ending));
    this.#count += 1;
    return { signal: ending.signal, finish };
  }

  /** Ends all waits. @param error - the reason of their signals */
  endAll(error: Error): void {
    for (const endings of this.#waiting.values()) {
      for (const ending of endings) ending.abort(error);
    }
  }

  #endOne(): void {
    let crowd: { readonly network: string; readonly endings: Set<AbortController> } | null = null;
    for (const [network, endings] of this.#waiting) {
      if (crowd === null || endings.size > crowd.endings.size) crowd = { network, endings };
    }
    const [oldest] = crowd?.endings ?? [];
    if (crowd === null || oldest === undefined) return;
    this.#remove(crowd.network, oldest);
    oldest.abort(late(`more than ${this.#most} viewers wait (max_waiting_for_credential)`));
  }

  #remove(network: string, ending: AbortController): void {
    const neighbours = this.#waiting.get(network);
    if (neighbours?.delete(ending) !== true) return;
    this.#count -= 1;
    if (neighbours.size === 0) this.#waiting.delete(network);
  }
}

function late(detail: string): SessionRefusedError {
  return new SessionRefusedError("credential-timeout", detail);
}
