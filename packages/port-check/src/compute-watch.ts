import { Probe } from "@nova-console/health";
import type { CallOptions, CallTarget, RpcCaller } from "./cell.ts";
import type { JsonObject } from "./serialized-instance.ts";

/** How many calls in a row go unanswered before that is taken for more than bad luck. */
const MIN_UNANSWERED = 3;
/** How long they count: without consoles nothing new is learned, and the next ones must be let in again. */
const MEMORY_MS = 60_000;
/** How much earlier than its limit a call may have ended that is taken for one that met it. */
const TOLERANCE_MS = 100;

/** What {@link ComputeWatch} needs. */
export interface ComputeWatchOptions {
  readonly services: RpcCaller;
  /** How many nova-compute services the cell has. */
  readonly countComputes: () => Promise<number>;
  /** Longest that nova-compute may take for an answer. */
  readonly limitMs: number;
  /** A clock in milliseconds; only differences count. */
  readonly now: () => number;
}

/** Whether nova-compute answers. */
export interface ComputeHealth {
  /** What is wrong; null while it answers, or was not asked. */
  readonly problem: string | null;
  /** Whether that is so on more hosts than one, or on the only one. */
  readonly isEverywhere: boolean;
  /** Whether it is not known to answer at the moment. */
  readonly isUnknown: boolean;
}

interface Call {
  readonly target: CallTarget;
  readonly method: string;
  readonly args: JsonObject;
}

/**
 * Passes calls on, and notices when no nova-compute answers any more.
 *
 * Nobody is asked for the sake of it: consoles are what tells. Once several in a row went unanswered,
 * the last of their questions is asked again when somebody wants to know, so that the end of the
 * silence is noticed without a console.
 */
export class ComputeWatch implements RpcCaller {
  readonly #options: ComputeWatchOptions;
  readonly #probe: Probe;
  /** Hosts that have not answered since the last answer of any. */
  readonly #silentHosts = new Set<string>();
  #unanswered = 0;
  #last: (Call & { readonly atMs: number }) | null = null;
  #answeredMs = -Infinity;

  constructor(options: ComputeWatchOptions) {
    this.#options = options;
    const { limitMs, now } = options;
    this.#probe = new Probe({ ask: () => this.#askAgain(), limitMs: limitMs + TOLERANCE_MS, now });
  }

  async call(
    target: CallTarget,
    method: string,
    args: JsonObject,
    options: CallOptions,
  ): Promise<unknown> {
    const { now, services } = this.#options;
    const startedMs = now();
    try {
      const answer = await services.call(target, method, args, options);
      this.#answered();
      return answer;
    } catch (error) {
      if (isAnswer(error)) this.#answered();
      else if (isSilence(error) || now() - startedMs >= options.timeoutMs - TOLERANCE_MS) {
        this.#unanswered += 1;
        this.#silentHosts.add(target.server);
        this.#last = { target, method, args, atMs: now() };
      }
      throw error;
    }
  }

  async health(): Promise<ComputeHealth> {
    if (this.#last !== null && this.#options.now() - this.#last.atMs >= MEMORY_MS) this.#forget();
    if (this.#last === null || this.#unanswered < MIN_UNANSWERED) return this.#noProblem();
    const [silence, computes] = await Promise.all([
      this.#probe.problem(),
      // A database that does not say is no reason to refuse all.
      this.#options.countComputes().catch(() => Infinity),
    ]);
    if (silence === null) return this.#noProblem();
    const hosts = [...this.#silentHosts].sort();
    return {
      problem: `nova-compute on ${hosts.slice(0, 5).join(", ")} did not answer the last ${this.#unanswered} port checks`,
      isEverywhere: hosts.length >= Math.min(2, computes),
      isUnknown: false,
    };
  }

  #noProblem(): ComputeHealth {
    const { now, limitMs } = this.#options;
    // An answer outdoes silence elsewhere if it is younger than the questions that met with it.
    const isAnswered = this.#unanswered === 0 && now() - this.#answeredMs < limitMs;
    return { problem: null, isEverywhere: false, isUnknown: !isAnswered };
  }

  #answered(): void {
    this.#answeredMs = this.#options.now();
    this.#forget();
  }

  #forget(): void {
    this.#unanswered = 0;
    this.#silentHosts.clear();
    this.#last = null;
  }

  async #askAgain(): Promise<void> {
    if (this.#last === null) return;
    const { services, limitMs } = this.#options;
    const { target, method, args } = this.#last;
    const options = { timeoutMs: limitMs, signal: AbortSignal.timeout(limitMs) };
    try {
      await services.call(target, method, args, options);
    } catch (error) {
      if (!isAnswer(error)) throw error;
    }
    this.#answered();
  }
}

/** Whether nova-compute raised something: it is there. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && "remoteClass" in error;
}

/** Whether nobody reads its queue, or nobody answered; a broker that is away is another matter. */
function isSilence(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "RPC_ERR_TIMEOUT" || code === "RPC_ERR_UNROUTABLE";
}
