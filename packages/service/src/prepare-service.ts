import { isIP } from "node:net";
import type { Config } from "@nova-console/config";
import { createMetrics } from "./admin/create-metrics.ts";
import type { AdminTarget, ServiceView } from "./admin/service-view.ts";
import type { LeftTarget } from "./admin/left-target.ts";
import { withAdmin } from "./admin/with-admin.ts";
import type { Logger } from "./logger.ts";
import { messageOf, SettingError } from "./errors.ts";
import { leftDirectoryOf } from "./left/left-directory.ts";
import { LeftWorkers } from "./left/left-workers.ts";
import type { PassedSocket } from "./passed-socket.ts";
import type { ProgramName, ProgramSpec, RunningService, WorkersSpec } from "./program-spec.ts";
import { ENDED_AT_ONCE, logLostSession, SessionLog } from "./session-log.ts";
import { warnOfMissing } from "./warn-of-missing.ts";
import { watchDescriptors } from "./watch-descriptors.ts";
import { claimFromOrphans } from "./workers/claim-from-orphans.ts";
import { forkWorker, listensAlone, SOCKET_OF_WORKERS } from "./workers/fork-worker.ts";
import { WorkerPool } from "./workers/worker-pool.ts";

/** A service that can be started, as one process or as many. */
export interface PreparedService {
  /** @throws as `ProgramSpec.start` */
  readonly start: (signal: AbortSignal) => Promise<RunningService>;
  /** Has other processes than this one go on in new log files. */
  readonly reopenLogs: () => void;
  /** Ends other processes than this one, at once, and writes the last lines of all sessions. */
  readonly kill: () => void;
}

/** A service that serves, and what its admin address is asked about; null: it has none. */
export interface Started {
  readonly running: RunningService;
  readonly target: AdminTarget | null;
}

/** What a program has of its service manager. */
export interface Surroundings {
  /** Socket that systemd passed; null: none. */
  readonly socket: PassedSocket | null;
  /** `WatchdogSec=` of the unit, in milliseconds; null: it has none. */
  readonly watchdogLimitMs: number | null;
}

/** Hosts that say nothing about who may come. */
const ANY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Silence after which a worker hangs, if no unit says otherwise. */
const SILENCE_LIMIT_MS = 30_000;

/**
 * Decides how a program serves: in this process, or in workers that this one watches over.
 *
 * @throws {@link SettingError} if a socket was passed that is not for this program
 */
export function prepare(
  spec: ProgramSpec,
  config: Config,
  log: Logger,
  surroundings: Surroundings,
): PreparedService {
  const { workers } = spec;
  refuseOtherSocket(spec, config, surroundings.socket, log);
  // consoleauth reads the same file, and has no consoles to show.
  const address = workers === undefined ? null : config.console_proxy.admin_listen;
  // Who leaves its consoles behind has them in other processes.
  const { workers: count, on_stop: onStop } = config.console_proxy;
  const { start, isOwn, ...others } =
    workers === undefined || (count === 1 && onStop !== "leave")
      ? prepareOne(spec, config, log, surroundings)
      : prepareMany(spec.program, workers, config, log, surroundings);
  return {
    start: (signal) => {
      const left = workers === undefined ? null : findLeft(spec.program, config, isOwn, log);
      return withAdmin(address, log, left, (target) => start(signal, target));
    },
    ...others,
  };
}

type Prepared = Omit<PreparedService, "start"> & {
  /** @param left - for workers of earlier programs; null: there is no admin address */
  readonly start: (signal: AbortSignal, left: LeftTarget | null) => Promise<Started>;
  /** Whether a process is one of this program's own. */
  readonly isOwn: (pid: number) => boolean;
};

/** Finds the workers that earlier programs left, and removes the sockets of those that are gone. */
function findLeft(
  program: ProgramName,
  config: Config,
  isOwn: (pid: number) => boolean,
  log: Logger,
): LeftWorkers {
  const directory = leftDirectoryOf(program, config);
  if (config.console_proxy.on_stop === "leave") {
    try {
      directory.create();
    } catch (error) {
      log.warn("workers that a restart leaves will not be seen at admin_listen, nor by end-left", {
        why: messageOf(error),
      });
    }
  }
  const left = new LeftWorkers({ directory, isOwn, log });
  void left.look();
  return left;
}

function refuseOtherSocket(
  { program, workers }: ProgramSpec,
  config: Config,
  socket: PassedSocket | null,
  log: Logger,
): void {
  if (socket === null) return;
  if (workers === undefined) {
    throw new SettingError(
      `systemd passed a socket, and ${program} takes none: disable its socket unit`,
    );
  }
  const { option, host, port } = workers.address(config);
  if (port !== socket.port && port !== 0) {
    throw new SettingError(
      `[vnc] ${option}_port is ${port}, and the socket that systemd passed listens on ${socket.port}: ` +
        "ListenStream= of the socket unit must have the same port",
    );
  }
  if (!isIP(host) || ANY_ADDRESS.has(host) || host === socket.host) return;
  log.warn(
    `[vnc] ${option}_host is ${host}, but the socket that systemd passed listens on ${socket.host}`,
  );
}

function prepareOne(
  spec: ProgramSpec,
  config: Config,
  log: Logger,
  { socket }: Surroundings,
): Prepared {
  const { pid } = process;
  let view: ServiceView | undefined;
  return {
    start: async (signal, left) => {
      watchDescriptors(log);
      const { program, workers } = spec;
      // Before the start opens anything else. An earlier start may have had workers.
      if (workers !== undefined && socket === null) {
        await claim(program, workers, config, log, signal);
      }
      const metrics = await createMetrics(config, 0);
      const running = await spec.start({
        ...{ config, log, sessionLog: new SessionLog({ log, pid }), signal, place: null, metrics },
        socket: socket?.fd ?? null,
      });
      ({ view } = running);
      if (view !== undefined) void warnOfMissing(view.check.bind(view), log);
      if (view === undefined || metrics === null || left === null) return { running, target: null };
      metrics.watch(view);
      const { ownTarget } = await import("./admin/own-target.ts");
      return { running, target: ownTarget(view, metrics, pid, left) };
    },
    isOwn: (pid) => pid === process.pid,
    reopenLogs: () => undefined,
    kill: () => {
      for (const { isOpen, ...session } of view?.list() ?? []) {
        if (isOpen) logLostSession(log, session, pid, ENDED_AT_ONCE);
      }
    },
  };
}

function prepareMany(
  program: ProgramName,
  workers: WorkersSpec,
  config: Config,
  log: Logger,
  { socket, watchdogLimitMs }: Surroundings,
): Prepared {
  let pool: WorkerPool | null = null;
  return {
    start: async (signal, left) => {
      const target = await createPoolTarget(() => pool, left);
      const port = socket ?? (await claim(program, workers, config, log, signal));
      pool = new WorkerPool({
        config,
        port: { host: port.host, port: port.port },
        reusePort: socket === null && listensAlone,
        socket: socket === null ? null : SOCKET_OF_WORKERS,
        silenceLimitMs: watchdogLimitMs === null ? SILENCE_LIMIT_MS : watchdogLimitMs / 2,
        workers: config.console_proxy.workers,
        slots: workers.slots(config),
        log,
        onDeath: (worker) => target?.forget(worker),
        fork: () => forkWorker(program, socket?.fd ?? null),
        now: () => performance.now(),
      });
      await pool.start();
      return { running: pool, target };
    },
    isOwn: (pid) => pool?.has(pid) ?? false,
    reopenLogs: () => {
      pool?.reopenLogs();
    },
    kill: () => {
      pool?.kill();
    },
  };
}

function claim(
  program: ProgramName,
  workers: WorkersSpec,
  config: Config,
  log: Logger,
  signal: AbortSignal,
): ReturnType<WorkersSpec["claimPort"]> {
  const { port } = workers.address(config);
  return claimFromOrphans(() => workers.claimPort(config), { program, port, log, signal });
}

async function createPoolTarget(pool: () => WorkerPool | null, left: LeftTarget | null) {
  if (left === null) return null;
  const { PoolTarget } = await import("./admin/pool-target.ts");
  return new PoolTarget(() => pool()?.serving() ?? [], left);
}
