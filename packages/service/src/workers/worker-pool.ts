import type { ChildProcess } from "node:child_process";
import type { Config } from "@nova-console/config";
import { messageOf, WorkerError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { RunningService } from "../program-spec.ts";
import { ENDED_AT_ONCE, logLostSession } from "../session-log.ts";
import { readTlsFiles, type TlsFiles } from "../read-tls-files.ts";
import { RestartDelay } from "./restart-delay.ts";
import { watchSignsOfLife } from "./signs-of-life.ts";
import { SlotPool } from "./slot-pool.ts";
import { WorkerProcess } from "./worker-process.ts";

/** What {@link WorkerPool} needs. */
export interface WorkerPoolOptions {
  readonly config: Config;
  /** What all of them listen on. */
  readonly port: { readonly host: string; readonly port: number };
  readonly reusePort: boolean;
  /** File descriptor that a worker finds a socket at which listens already; null: it binds one. */
  readonly socket: number | null;
  /** Silence after which a worker is killed. */
  readonly silenceLimitMs: number;
  /** How many. */
  readonly workers: number;
  /** What they share: how many of each key there may be at a time, by name. */
  readonly slots: Readonly<Record<string, number>>;
  readonly log: Logger;
  /** Told of each worker that has died. */
  readonly onDeath: (worker: WorkerProcess) => void;
  /** Starts a process that runs as a worker. */
  readonly fork: () => ChildProcess;
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
  /** Certificate and key that the workers have in effect: on the disk there may be others by now. */
  #tlsFiles: TlsFiles | null = null;
  #stopping = false;
  #stopWatching: () => void = () => undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { slots, workers } = options;
    this.#slots = new Map(
      Object.entries(slots).map(([name, most]) => [name, new SlotPool(name, most, workers)]),
    );
  }

  get describe(): string {
    const { workers } = this.#options;
    return `${this.#describe}, ${workers === 1 ? "1 worker" : `${workers} workers`}`;
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
    this.#tlsFiles = readTlsFiles(this.#options.config);
    const bornMs = this.#options.now();
    for (const seat of this.#seats) this.#watch(seat, bornMs);
    const { silenceLimitMs, log } = this.#options;
    this.#stopWatching = watchSignsOfLife(
      silenceLimitMs,
      () => this.serving(),
      (worker) => {
        const silence = `${Math.round(silenceLimitMs)} ms`;
        log.error(`a worker gave no sign of life for ${silence}: it is killed`, {
          worker: worker.pid,
        });
        worker.kill();
      },
    );
  }

  get stopping(): string {
    return this.#leaves ? "leaving open consoles to their workers" : "letting open consoles end";
  }

  /**
   * Lets the open consoles of all workers end, and with them the workers; or, with
   * `on_stop = leave`, has them stop listening and go on without this process.
   *
   * @throws {@link WorkerError} if one did not end or leave in order
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    const live = this.#seats.flatMap(({ worker, restart }) => {
      if (restart === null) return [worker];
      clearTimeout(restart);
      return [];
    });
    const ends = await Promise.allSettled(this.#leaves ? this.#leave(live) : live.map(end));
    this.#stopWatching();
    const failed = ends.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  get #leaves(): boolean {
    return this.#options.config.console_proxy.on_stop === "leave";
  }

  #leave(live: readonly WorkerProcess[]): Promise<void>[] {
    return live.map(async (worker) => {
      const consoles = await worker.leave();
      if (consoles === 0) return;
      this.#options.log.info("a worker goes on until its open consoles have ended", {
        ...{ worker: worker.pid, consoles },
      });
    });
  }

  /** Those that take clients. */
  serving(): readonly WorkerProcess[] {
    return this.#seats.map(({ worker }) => worker).filter(({ isServing }) => isServing);
  }

  /** Whether a process is one of its workers. */
  has(pid: number): boolean {
    return this.#seats.some(({ worker }) => worker.pid === pid);
  }

  /** Ends all workers at once, but for those that have left: they are in nobody's way. */
  kill(): void {
    this.#stopping = true;
    for (const { worker } of this.#seats) {
      if (worker.hasLeft) continue;
      worker.kill();
      this.#logSessions(worker, ENDED_AT_ONCE);
    }
  }

  /** @throws {@link WorkerError} if a worker could not take it over */
  async reload(config: Config): Promise<void> {
    await this.#askAll(config);
    this.#latest = config;
    this.#tlsFiles = readTlsFiles(config);
  }

  /** After the log file was renamed. */
  reopenLogs(): void {
    for (const { worker } of this.#seats) worker.send({ kind: "reopen-log" });
  }

  async #askAll(config: Config): Promise<void> {
    const live = this.#seats.filter(({ restart }) => restart === null);
    await Promise.all(
      live.map(({ worker }) => worker.ask({ name: "reload", config, tlsFiles: null })),
    );
  }

  #fork(seat: number, quiet: boolean): WorkerProcess {
    const { config, port, reusePort, socket, workers, fork } = this.#options;
    const worker = new WorkerProcess(fork(), seat, this.#slots);
    const slots = [...this.#slots].map(([name, pool]) => {
      return { name, most: pool.most, pooled: pool.join(worker) };
    });
    worker.send({
      kind: "start",
      config,
      seat: { ...port, reusePort, socket, workers, seat },
      slots,
      quiet,
      tlsFiles: this.#tlsFiles,
    });
    return worker;
  }

  #watch(seat: Seat, bornMs: number): void {
    const { worker } = seat;
    void worker.ended.then(({ status, signal }) => {
      const { log, now, onDeath } = this.#options;
      // One that ends in order has written them.
      if (!worker.hasLeft && status !== 0) {
        this.#logSessions(worker, `its worker died: ${signal ?? `status ${status ?? "unknown"}`}`);
      }
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

  /** Writes the lines that a worker cannot write any more; a session of its last 100 ms may be missing. */
  #logSessions(worker: WorkerProcess, detail: string): void {
    for (const session of worker.takeSessions()) {
      logLostSession(this.#options.log, session, worker.pid, detail);
    }
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
      await worker.ask({ name: "reload", config, tlsFiles: this.#tlsFiles });
    } catch (error) {
      this.#options.log.error("a worker kept the old configuration", { why: messageOf(error) });
    }
  }
}

async function end(worker: WorkerProcess): Promise<void> {
  worker.send({ kind: "stop" });
  const { status, signal } = await worker.ended;
  if (status !== 0) throw new WorkerError(`${worker.name} ended with ${signal ?? String(status)}`);
}
