import { type Dependency, mergeReadiness, type Readiness } from "@nova-console/health";
import type { WorkerProcess } from "../workers/worker-process.ts";
import { settlesWithin } from "../left/settles-within.ts";
import type { LeftTarget } from "./left-target.ts";
import { MetricSum, metricText } from "./metric-sum.ts";
import type { MetricSnapshot } from "./service-metrics.ts";
import {
  type AdminTarget,
  notReady,
  parseSessionId,
  type SessionEntry,
  type SessionList,
} from "./service-view.ts";

/** How long a worker may take to answer: each dependency that it looks at is given 1.5 s. */
const ANSWER_LIMIT_MS = 1_800;

/** The admin's target where workers do it: asks all of them, and adds up what they say. */
export class PoolTarget implements AdminTarget {
  readonly #workers: () => readonly WorkerProcess[];
  readonly #left: LeftTarget;
  readonly #sum = new MetricSum();
  #deaths = 0;
  #judging: Promise<Readiness> | null = null;

  /**
   * @param workers - those that live and serve
   * @param left - for those that earlier programs left
   */
  constructor(workers: () => readonly WorkerProcess[], left: LeftTarget) {
    this.#workers = workers;
    this.#left = left;
  }

  /** A worker is gone: its counters stay as they were told last. */
  forget(worker: WorkerProcess): void {
    this.#deaths += 1;
    this.#sum.forget(worker.pid);
  }

  /** However often it is wanted, the workers are asked once at a time. */
  readiness(): Promise<Readiness> {
    this.#judging ??= this.#judge().finally(() => (this.#judging = null));
    return this.#judging;
  }

  async metrics(): Promise<string> {
    const [left, { answers }] = await Promise.all([
      this.#left.metricParts(),
      this.#askAll({ name: "metrics" }),
    ]);
    for (const [worker, snapshot] of answers) {
      // One that died meanwhile has been forgotten.
      if (this.#workers().includes(worker)) this.#sum.take(worker.pid, snapshot as MetricSnapshot);
    }
    const own = [
      "# HELP nova_console_workers Workers that live",
      "# TYPE nova_console_workers gauge",
      `nova_console_workers ${this.#workers().length}`,
      "# HELP nova_console_worker_deaths_total Workers that died and were replaced",
      "# TYPE nova_console_worker_deaths_total counter",
      `nova_console_worker_deaths_total ${this.#deaths}`,
    ];
    return `${await metricText([...this.#sum.parts(), ...left])}\n${own.join("\n")}\n`;
  }

  async sessions(): Promise<SessionList> {
    const [left, { answers, silent }] = await Promise.all([
      this.#left.sessions(),
      this.#askAll({ name: "sessions" }),
    ]);
    const own = answers.flatMap(([, sessions]) => sessions as readonly SessionEntry[]);
    return {
      sessions: [...own.map((session) => ({ ...session, left: false })), ...left.sessions],
      silent_workers: [...silent, ...left.silent_workers],
    };
  }

  async end(id: string): Promise<boolean> {
    const parsed = parseSessionId(id);
    if (parsed === null) return false;
    const worker = this.#workers().find(({ pid }) => pid === parsed.pid);
    if (worker === undefined) return this.#left.end(id);
    return (await worker.ask({ name: "end", number: parsed.number })) === true;
  }

  async #judge(): Promise<Readiness> {
    const workers = this.#workers();
    if (workers.length === 0) return notReady("no worker lives");
    // A worker that hangs must not silence the others: it is replaced after a while.
    const answers = await Promise.all(
      workers.map((worker) => soon(worker.ask({ name: "dependencies" }))),
    );
    const told = answers.flatMap((each) => (each === null ? [] : [each as readonly Dependency[]]));
    if (told.length === 0) return notReady("no worker answers");
    const { isReady, missing } = mergeReadiness(told);
    const silent = workers.length - told.length;
    if (silent === 0) return { isReady, missing };
    return {
      isReady,
      missing: [...missing, `${silent} of ${workers.length} workers do not answer`],
    };
  }

  /** What a worker that dies or hangs does not say is left out. */
  async #askAll(question: { readonly name: "metrics" | "sessions" }): Promise<{
    readonly answers: readonly (readonly [WorkerProcess, unknown])[];
    readonly silent: readonly number[];
  }> {
    const asked = this.#workers().map(async (worker) => {
      return [worker, await soon(worker.ask(question))] as const;
    });
    const answers: (readonly [WorkerProcess, unknown])[] = [];
    const silent: number[] = [];
    for (const [worker, answer] of await Promise.all(asked)) {
      if (answer !== null) answers.push([worker, answer]);
      else if (worker.isServing) silent.push(worker.pid);
    }
    return { answers, silent };
  }
}

/** @returns null for what does not come in time, or not at all */
async function soon(answer: Promise<unknown>): Promise<unknown> {
  const answered = answer.catch(() => null);
  return (await settlesWithin(ANSWER_LIMIT_MS, answered)) ? answered : null;
}
