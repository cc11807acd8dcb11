import type { WorkerProcess } from "../workers/worker-process.ts";
import { MetricSum } from "./metric-sum.ts";
import type { MetricSnapshot } from "./service-metrics.ts";
import { type AdminTarget, parseSessionId, type SessionEntry } from "./service-view.ts";

/** The admin's target where workers do it: asks all of them, and adds up what they say. */
export class PoolTarget implements AdminTarget {
  readonly #workers: () => readonly WorkerProcess[];
  readonly #sum = new MetricSum();
  #deaths = 0;

  /** @param workers - those that live and serve */
  constructor(workers: () => readonly WorkerProcess[]) {
    this.#workers = workers;
  }

  /** A worker is gone: its counters stay as they were told last. */
  forget(worker: WorkerProcess): void {
    this.#deaths += 1;
    this.#sum.forget(worker.pid);
  }

  async problem(): Promise<string | null> {
    const workers = this.#workers();
    if (workers.length === 0) return "no worker lives";
    const problems = await this.#askAll<string | null>({ name: "problem" });
    return problems.find(([, problem]) => problem !== null)?.[1] ?? null;
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

  /** What a worker that dies or hangs does not say is left out. */
  async #askAll<T>(question: {
    readonly name: "problem" | "metrics" | "sessions";
  }): Promise<[WorkerProcess, T][]> {
    const answers = await Promise.allSettled(
      this.#workers().map(async (worker): Promise<[WorkerProcess, T]> => {
        return [worker, (await worker.ask(question)) as T];
      }),
    );
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  }
}
