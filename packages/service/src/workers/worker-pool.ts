import type { Worker } from "node:cluster";
import type { Config } from "@nova-console/config";
import { messageOf, WorkerError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { RunningService } from "../program-spec.ts";
import { RestartDelay } from "./restart-delay.ts";
import { SlotPool } from "./slot-pool.ts";
import { WorkerProcess } from "./worker-process.ts";

/** What {@link WorkerPool} needs. */
export interface WorkerPoolOptions {
  readonly config: Config;
  /** What all of them listen on. */
  readonly port: { readonly host: string; readonly port: number };
  readonly reusePort: boolean;
  /** How many. */
  readonly workers: number;
  /** What they share: how many of each key there may be at a time, by name. */
  readonly slots: Readonly<Record<string, number>>;
  readonly log: Logger;
  /** Told of each worker that has died. */
  readonly onDeath: (worker: WorkerProcess) => void;
  /** Starts a process that runs as a worker. */
  readonly fork: () => Worker;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
}

/** Where one worker follows the other. */
interface Seat {
  readonly number: number;
  readonly restartDelay: RestartDelay;
  worker: WorkerProcess;
  restart: NodeJS.Timeout | null;
}

/** The processes that serve at one port. One that dies is replaced; its consoles are lost, no others. */
export class WorkerPool implements RunningService {
  readonly #options: WorkerPoolOptions;
  readonly #seats: Seat[] = [];
  readonly #slots: ReadonlyMap<string, SlotPool>;
  #describe = "";
  /** What a reload has brought since the start. */
  #latest: Config | null = null;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { slots, workers } = options;
    this.#slots = new Map(
      Object.entries(slots).map(([name, most]) => [name, new SlotPool(name, most, workers)]),
    );
  }

  get describe(): string {
    return `${this.#describe}, ${this.#options.workers} workers`;
  }

  /**
   * Starts all workers and waits until each of them takes clients.
   *
   * @throws {@link WorkerError} if one of them cannot, with its reason and status; none is left then
   */
  async start(): Promise<void> {
    for (let number = 0; number < this.#options.workers; number++) {
      const worker = this.#fork(number, number > 0);
      this.#seats.push({ number, worker, restartDelay: new RestartDelay(), restart: null });
    }
    try {
      const described = await Promise.all(this.#seats.map(({ worker }) => worker.ready));
      this.#describe = described[0] ?? "";
    } catch (error) {
      this.kill();
      throw error;
    }
    const bornMs = this.#options.now();
    for (const seat of this.#seats) this.#watch(seat, bornMs);
  }

  /**
   * Lets the open consoles of all workers end, and with them the workers.
   *
   * @throws {@link WorkerError} if one did not end in order
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    const ends = this.#seats.map(async ({ worker, restart }) => {
      if (restart !== null) {
        clearTimeout(restart);
        return;
      }
      worker.send({ kind: "stop" });
      const { status, signal } = await worker.ended;
      if (status !== 0)
        throw new WorkerError(`${worker.name} ended with ${signal ?? String(status)}`);
    });
    const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** Those that take clients. */
  serving(): readonly WorkerProcess[] {
    return this.#seats.map(({ worker }) => worker).filter(({ isServing }) => isServing);
  }

  /** Ends all workers at once. */
  kill(): void {
    this.#stopping = true;
    for (const { worker } of this.#seats) worker.kill();
  }

  /** @throws {@link WorkerError} if a worker could not take it over */
  async reload(config: Config): Promise<void> {
    await this.#askAll(config);
    this.#latest = config;
  }

  /** After the log file was renamed. */
  reopenLogs(): void {
    for (const { worker } of this.#seats) worker.send({ kind: "reopen-log" });
  }

  async #askAll(config: Config): Promise<void> {
    const live = this.#seats.filter(({ restart }) => restart === null);
    await Promise.all(live.map(({ worker }) => worker.ask({ name: "reload", config })));
  }

  #fork(seat: number, quiet: boolean): WorkerProcess {
    const { config, port, reusePort, workers, fork } = this.#options;
    const worker = new WorkerProcess(fork(), seat, this.#slots);
    const slots = [...this.#slots].map(([name, pool]) => {
      return { name, most: pool.most, pooled: pool.join(worker) };
    });
    worker.send({
      kind: "start",
      config,
      seat: { ...port, reusePort, workers, seat },
      slots,
      quiet,
    });
    return worker;
  }

  #watch(seat: Seat, bornMs: number): void {
    const { worker } = seat;
    void worker.ended.then(({ status, signal }) => {
      const { log, now, onDeath } = this.#options;
      if (this.#stopping) return;
      onDeath(worker);
      const delayMs = seat.restartDelay.after(now() - bornMs);
      log.error("a worker died: its consoles are lost, another one is started", {
        ...{ worker: worker.pid, status, signal, delayMs },
      });
      seat.restart = setTimeout(() => {
        this.#replace(seat);
      }, delayMs);
    });
  }

  #replace(seat: Seat): void {
    const { log, now } = this.#options;
    seat.restart = null;
    seat.worker = this.#fork(seat.number, true);
    this.#watch(seat, now());
    seat.worker.ready.then(
      () => {
        if (this.#latest !== null) void this.#askAgain(seat.worker, this.#latest);
        log.info("a worker was replaced", { worker: seat.worker.pid });
      },
      (error: unknown) => {
        if (!this.#stopping) log.error("a worker cannot be started", { why: messageOf(error) });
      },
    );
  }

  /** A newcomer begins as the others did, and is then told what they were told. */
  async #askAgain(worker: WorkerProcess, config: Config): Promise<void> {
    try {
      await worker.ask({ name: "reload", config });
    } catch (error) {
      this.#options.log.error("a worker kept the old configuration", { why: messageOf(error) });
    }
  }
}
