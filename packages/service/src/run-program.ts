import { optionGroups, printConfig, type Config, type LoadedConfig } from "@nova-console/config";
import { THREAD_POOL_SIZE } from "@nova-console/name-lookup";
import {
  isAwaitedBySystemd,
  isInBackground,
  startInBackground,
  tellForeground,
} from "./background.ts";
import { messageOf } from "./errors.ts";
import { ExitStatus, exitStatusOf } from "./exit-status.ts";
import { StreamSink } from "./log-sink.ts";
import { createLog } from "./logger.ts";
import { takePassedSocket } from "./passed-socket.ts";
import { prepare } from "./prepare-service.ts";
import { catchBugs, complain, openLog } from "./program-log.ts";
import { nameProcess } from "./process-name.ts";
import type { ProgramCommand, ProgramSpec } from "./program-spec.ts";
import { loadOwnConfig, print, readCommandLine, type RunRequest } from "./read-command-line.ts";
import { serve } from "./serve.ts";
import { ServiceNotifier } from "./service-notifier.ts";
import { withSources } from "./with-sources.ts";
import { startWatchdog, takeWatchdogLimit } from "./watchdog.ts";
import { isWorker } from "./workers/fork-worker.ts";
import { runWorker } from "./workers/run-worker.ts";

/**
 * Is a program: command line, configuration, log, life cycle, exit status. `main.ts` is one call of it.
 *
 * It ends the process with one of {@link ExitStatus}. A bug that nobody caught is logged with its
 * stack and ends it with 1.
 */
export async function runProgram(spec: ProgramSpec): Promise<void> {
  nameProcess(spec.program);
  // Whoever read our output may be gone; that must not end consoles.
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  process.on("uncaughtException", (error) => {
    complain(spec.program, `a bug: ${error.stack ?? error.message}`);
    process.exit(ExitStatus.Failure);
  });
  raiseThreadPool(process.env);
  if (isWorker(process)) {
    runWorker(spec);
    return;
  }
  const status = await run(spec).catch((error: unknown) => {
    complain(spec.program, messageOf(error));
    return exitStatusOf(error);
  });
  process.exit(status);
}

/**
 * Gives libuv threads enough for all look-ups of names that may run at once. It reads this when the first
 * thread starts; workers inherit it.
 */
function raiseThreadPool(environment: NodeJS.ProcessEnv): void {
  if (Number(environment["UV_THREADPOOL_SIZE"] ?? 0) >= THREAD_POOL_SIZE) return;
  environment["UV_THREADPOOL_SIZE"] = String(THREAD_POOL_SIZE);
}

async function run(spec: ProgramSpec): Promise<number> {
  const { program, summary, commands = [] } = spec;
  const argv = process.argv.slice(2);
  const parsed = await readCommandLine({ program, summary, argv, optionGroups, commands });
  if (typeof parsed === "number") return parsed;
  const loaded = loadOwnConfig(program, parsed.values);
  if (parsed.printConfig !== null) {
    print(printConfig(loaded, parsed.printConfig));
    return ExitStatus.Ok;
  }
  const command = commands.find(({ name }) => name === parsed.command);
  try {
    return command === undefined
      ? await runService(spec, parsed, loaded)
      : await runCommand(spec, command, parsed, loaded.values);
  } catch (error) {
    complain(spec.program, withSources(messageOf(error), loaded.sources));
    return exitStatusOf(error);
  }
}

async function runCommand(
  spec: ProgramSpec,
  command: ProgramCommand,
  { commandArguments: args }: RunRequest,
  config: Config,
): Promise<number> {
  const { logger } = createLog({
    program: spec.program,
    pid: process.pid,
    format: config.console_proxy.log_format,
    level: config.DEFAULT.debug ? "debug" : "warn",
    sink: new StreamSink(process.stderr),
    now: Date.now,
  });
  return command.run({ config, log: logger, args, print });
}

async function runService(
  spec: ProgramSpec,
  parsed: RunRequest,
  loaded: LoadedConfig,
): Promise<number> {
  const { program } = spec;
  const config = loaded.values;
  const reason = spec.enabled?.(loaded) ?? null;
  if (reason !== null) {
    print(`${program}: ${reason}\n`);
    // A service that ends before it was ready has failed for systemd, which would start it again and again.
    await createNotifier((why) => {
      complain(program, `systemd cannot be told: ${why}`);
    }).ready(reason);
    return ExitStatus.Ok;
  }
  const isSupervised = isAwaitedBySystemd(process.env, process.pid);
  if (config.DEFAULT.daemon && !isSupervised && !isInBackground(process.env)) {
    return startInBackground(process, (text) => process.stderr.write(text));
  }
  const log = openLog(spec, config);
  catchBugs(spec, log);
  for (const warning of loaded.warnings) log.logger.warn(warning);
  if (config.DEFAULT.daemon && isSupervised) {
    log.logger.warn("[DEFAULT] daemon is true, which is ignored: systemd waits for this process");
  }
  const notifier = createNotifier((why) => {
    log.logger.warn("systemd cannot be told how the service is", { why });
  });
  const socket = takePassedSocket(process.env, process.pid);
  const watchdogLimitMs = takeWatchdogLimit(process.env, process.pid);
  const service = prepare(spec, config, log.logger, { socket, watchdogLimitMs });
  if (watchdogLimitMs !== null) startWatchdog(watchdogLimitMs, () => notifier.alive());
  return serve({
    ...{ start: service.start, log, notifier },
    reopenLog: () => {
      log.sink.reopen();
      service.reopenLogs();
    },
    readConfig: () => {
      const { values, warnings } = loadOwnConfig(program, parsed.values);
      return { config: values, warnings };
    },
    onReady: () => {
      tellForeground(process);
    },
    onStartFailed: (line) => {
      const told = withSources(line, loaded.sources);
      complain(spec.program, told);
      if (log.toFile) log.logger.error(told);
    },
    exit: (status) => {
      service.kill();
      process.exit(status);
    },
    signals: process,
  });
}

function createNotifier(onFailure: (why: string) => void): ServiceNotifier {
  const environment = { ...process.env };
  // Ours alone: what we start must not speak for us.
  delete process.env["NOTIFY_SOCKET"];
  return new ServiceNotifier({
    environment,
    pid: process.pid,
    monotonicUsec: () => process.hrtime.bigint() / 1000n,
    onFailure,
  });
}
