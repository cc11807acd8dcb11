import cluster, { type Worker } from "node:cluster";
import type { Config } from "@nova-console/config";
import { createMetrics } from "./admin/create-metrics.ts";
import type { AdminTarget } from "./admin/service-view.ts";
import { withAdmin } from "./admin/with-admin.ts";
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

/** A service that serves, and what its admin address is asked about; null: it has none. */
export interface Started {
  readonly running: RunningService;
  readonly target: AdminTarget | null;
}

/** Decides how a program serves: in this process, or in workers that this one watches over. */
export function prepare(spec: ProgramSpec, config: Config, log: Logger): PreparedService {
  const { workers } = spec;
  // consoleauth reads the same file, and has no consoles to show.
  const address = workers === undefined ? null : config.console_proxy.admin_listen;
  const { start, ...others } =
    workers === undefined || config.console_proxy.workers === 1
      ? prepareOne(spec, config, log)
      : prepareMany(workers, config, log);
  return { start: (signal) => withAdmin(address, log, () => start(signal)), ...others };
}

type Prepared = Omit<PreparedService, "start"> & {
  readonly start: (signal: AbortSignal) => Promise<Started>;
};

function prepareOne(spec: ProgramSpec, config: Config, log: Logger): Prepared {
  return {
    start: async (signal) => {
      const metrics = await createMetrics(config, 0);
      const running = await spec.start({ config, log, signal, place: null, metrics });
      const { view } = running;
      if (view === undefined || metrics === null) return { running, target: null };
      metrics.watch(view);
      const { ownTarget } = await import("./admin/own-target.ts");
      return { running, target: ownTarget(view, metrics, process.pid) };
    },
    reopenLogs: () => undefined,
    kill: () => undefined,
  };
}

function prepareMany(workers: WorkersSpec, config: Config, log: Logger): Prepared {
  let pool: WorkerPool | null = null;
  return {
    start: async () => {
      const target = await createPoolTarget(config, () => pool);
      const port = await workers.claimPort(config);
      pool = new WorkerPool({
        config,
        port,
        // Elsewhere connections come by way of this process, which node:cluster has deal them out.
        reusePort: process.platform === "linux",
        workers: config.console_proxy.workers,
        slots: workers.slots(config),
        log,
        onDeath: (worker) => target?.forget(worker),
        fork: forkWorker,
        now: () => performance.now(),
      });
      await pool.start();
      return { running: pool, target };
    },
    reopenLogs: () => {
      pool?.reopenLogs();
    },
    kill: () => {
      pool?.kill();
    },
  };
}

async function createPoolTarget(config: Config, pool: () => WorkerPool | null) {
  if (config.console_proxy.admin_listen === null) return null;
  const { PoolTarget } = await import("./admin/pool-target.ts");
  return new PoolTarget(() => pool()?.serving() ?? []);
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
