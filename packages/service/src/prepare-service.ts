import cluster, { type Worker } from "node:cluster";
import type { Config } from "@nova-console/config";
import type { Logger } from "./logger.ts";
import type { ProgramSpec, RunningService, WorkersSpec } from "./program-spec.ts";
import { WorkerPool } from "./workers/worker-pool.ts";

/** A service that can be started, as one process or as many. */
export interface PreparedService {
  /** @throws as `ProgramSpec.start` */
  readonly start: (signal: AbortSignal) => Promise<RunningService>;
  /** Has other processes than this one go on in new log files. */
  readonly reopenLogs: () => void;
  /** Ends other processes than this one, at once. */
  readonly kill: () => void;
}

/** Decides how a program serves: in this process, or in workers that this one watches over. */
export function prepare(spec: ProgramSpec, config: Config, log: Logger): PreparedService {
  const { workers } = spec;
  return workers === undefined || config.console_proxy.workers === 1
    ? prepareOne(spec, config, log)
    : prepareMany(workers, config, log);
}

function prepareOne(spec: ProgramSpec, config: Config, log: Logger): PreparedService {
  return {
    start: (signal) => spec.start({ config, log, signal, place: null }),
    reopenLogs: () => undefined,
    kill: () => undefined,
  };
}

function prepareMany(workers: WorkersSpec, config: Config, log: Logger): PreparedService {
  let pool: WorkerPool | null = null;
  return {
    start: async () => {
      const port = await workers.claimPort(config);
      pool = new WorkerPool({
        config,
        port,
        // Elsewhere connections come by way of this process, which node:cluster has deal them out.
        reusePort: process.platform === "linux",
        workers: config.console_proxy.workers,
        slots: workers.slots(config),
        log,
        fork: forkWorker,
        now: () => performance.now(),
      });
      await pool.start();
      return pool;
    },
    reopenLogs: () => {
      pool?.reopenLogs();
    },
    kill: () => {
      pool?.kill();
    },
  };
}

/**
 * V8's young generation, in MiB for each of its halves. By itself it grows to 16 with the garbage that opening
 * consoles makes, which at a thousand idle consoles is most of a process, and buys nothing: what is
 * garbage here is short-lived.
 */
const SEMI_SPACE_MIB = 4;

function forkWorker(): Worker {
  cluster.setupPrimary({
    execArgv: [...process.execArgv, `--max-semi-space-size=${SEMI_SPACE_MIB}`],
  });
  return cluster.fork();
}
