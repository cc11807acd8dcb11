import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Addresses, type Limit, type Question, SharedLookups } from "../shared-lookups.ts";

type Callback = (error: NodeJS.ErrnoException | null, addresses: Addresses) => void;

/** What a question got. */
export interface Outcome {
  error: Error | null;
  addresses: readonly string[];
}

/** A name service that answers when the test says so, on a clock that the test moves. */
export class NameService {
  readonly lookups: SharedLookups;
  /** Every look-up that was started, by name. */
  readonly started: string[] = [];
  readonly #t: TestContext;
  readonly #open: { readonly hostname: string; readonly callback: Callback }[] = [];
  #nowMs = 0;

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    this.lookups = new SharedLookups({
      lookup: ({ hostname }, callback) => {
        this.started.push(hostname);
        this.#open.push({ hostname, callback });
      },
      now: () => this.#nowMs,
    });
  }

  /** Names that are being looked up at the moment. */
  get running(): string[] {
    return this.#open.map(({ hostname }) => hostname);
  }

  /** Asks, and does not wait. @returns what is filled in when the answer comes */
  ask(hostname: string, limit: Partial<Limit> = {}, more: Partial<Question> = {}): Outcome[] {
    const outcomes: Outcome[] = [];
    const question = { hostname, family: 0, hints: 0, ...more };
    let returned = false;
    this.lookups.ask(question, { timeoutMs: 4_000, ...limit }, (error, addresses) => {
      assert.ok(returned, "the callback was called before ask() returned");
      outcomes.push({ error, addresses: addresses.map(({ address }) => address) });
    });
    returned = true;
    return outcomes;
  }

  /** Ends the oldest look-up of a name with addresses. */
  answer(hostname: string, ...addresses: readonly string[]): void {
    this.#end(hostname)(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  }

  /** Ends the oldest look-up of a name with an error of Node's. */
  fail(hostname: string, code: string): void {
    const message = `getaddrinfo ${code} ${hostname}`;
    this.#end(hostname)(Object.assign(new Error(message), { code }), []);
  }

  /** Moves the clock, and runs the timers that are due. */
  pass(ms: number): void {
    this.#nowMs += ms;
    this.#t.mock.timers.tick(ms);
  }

  #end(hostname: string): Callback {
    const index = this.#open.findIndex((each) => each.hostname === hostname);
    const [found] = this.#open.splice(index, index === -1 ? 0 : 1);
    assert.ok(found !== undefined, `${hostname} is not being looked up`);
    return found.callback;
  }
}

/** Resolves after the callbacks that are due on the next tick. */
export function nextTick(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
