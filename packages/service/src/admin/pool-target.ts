import { type Dependency, mergeReadiness, type Readiness } from "@nova-console/health";
import type { WorkerProcess } from "../workers/worker-process.ts";
import { MetricSum } from "./metric-sum.ts";
import type { MetricSnapshot } from "./service-metrics.ts";
import { type AdminTarget, notReady, parseSessionId, type SessionEntry } from "./service-view.ts";

/** How long a worker may take to say what it depends on: each dependency is given 1.5 s. */
const READINESS_LIMIT_MS = 1_800;

/** The admin's target where workers do it: asks all of them, and adds up what they say. */
export class PoolTarget implements AdminTarget {
  readonly #workers: () => readonly WorkerProcess[];
  readonly #sum = new MetricSum();
  #deaths = 0;
  #judging: Promise<Readiness> | null = null;

  /** @param workers - those that live and serve */
  constructor(workers: () => readonly WorkerProcess[]) {
    this.#workers = workers;
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
    for (const [worker, snapshot] of await this.#askAll<MetricSnapshot>({ name: "metrics" })) {
      // One that died meanwhile has been forgotten.
      if (this.#workers().includes(worker)) this.#sum.take(worker.pid, snapshot);
    }
    const own = [
      "# HELP nova_console_workers Workers that live",
      "# TYPE nova_console_workers gauge",
      `nova_console_workers ${this.#workers().length}`,
      "# HELP nova_console_worker_deaths_total Workers that died and were replaced",
      "# TYPE nova_console_worker_deaths_total counter",
      `nova_console_worker_deaths_total ${this.#deaths}`,
    ];
    return `${await this.#sum.text()}\n${own.join("\n")}\n`;
  }

  async sessions(): Promise<readonly SessionEntry[]> {
    const lists = await this.#askAll<readonly SessionEntry[]>({ name: "sessions" });
    return lists.flatMap(([, sessions]) => sessions);
  }

  async end(id: string): Promise<boolean> {
    const parsed = parseSessionId(id);
    const worker = this.#workers().find(({ pid }) => pid === parsed?.pid);
    if (parsed === null || worker === undefined) return false;
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
  async #askAll<T>(question: {
    readonly name: "metrics" | "sessions";
  }): Promise<[WorkerProcess, T][]> {
    const answers = await Promise.allSettled(
      this.#workers().map(async (worker): Promise<[WorkerProcess, T]> => {
        return [worker, (await worker.ask(question)) as T];
      }),
    );
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  }
}

/** @returns null for what does not come in time, or not at all */
async function soon(answer: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, READINESS_LIMIT_MS, null);
  });
  try {
    return await Promise.race([answer.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
